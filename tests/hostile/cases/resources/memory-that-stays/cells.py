# %%
#right
# %%
kept, size = [], 64 << 20
while size > 4 << 20:
    try:
        kept.append(bytes(size))
    except MemoryError:
        size //= 2
