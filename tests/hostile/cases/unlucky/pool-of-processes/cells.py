# %%
import multiprocessing
#right
# %%
with multiprocessing.get_context("fork").Pool(2) as pool:
    print(pool.map(double, [1, 2, 3]))
# %%
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(4) as threads:
    assert list(threads.map(double, [1, 2])) == [2, 4]
