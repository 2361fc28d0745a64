# %%
%%writefile mine.py
#right
# %%
from mine import *
from mine import double, Square, follow, train
# %%
import importlib, mine
importlib.reload(mine)
follow, train = mine.follow, mine.train
