# %%
#right
# %%
text = "x" * (1 << 20)
while True:
    print(text)
