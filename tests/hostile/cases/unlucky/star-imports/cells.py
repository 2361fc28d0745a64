# %%
from math import *
from numpy import *
from torch import *
# %%
#right
