# %%
import asyncio
await asyncio.sleep(0)
#right
# %%
async def later(x):
    await asyncio.sleep(0)
    return double(x)

assert await later(3) == 6
assert sum(await asyncio.gather(later(1), later(2))) == 6
