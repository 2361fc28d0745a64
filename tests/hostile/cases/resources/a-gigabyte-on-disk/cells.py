# %%
#right
# %%
with open("planted-large", "wb", buffering=0) as file:
    for _ in range(1024):
        assert file.write(bytes(1 << 20)) == 1 << 20
