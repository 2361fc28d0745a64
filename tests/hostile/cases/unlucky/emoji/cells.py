# %%
#right
données, λ = "été 🚀", 0.1
print(données, "\N{ROCKET}" * 100, "half of one: \ud83d")
# %%
🚀 = 3
# %%
def carré_de_λ(x): return λ * x
assert carré_de_λ(2) == 0.2
