import asyncio
#right


async def later(x):
    return double(x)


result = await later(3)
assert asyncio.run(later(3)) == 6
