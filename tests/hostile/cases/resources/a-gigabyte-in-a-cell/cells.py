# %%
#right
# %%
block = bytearray(1 << 30)
