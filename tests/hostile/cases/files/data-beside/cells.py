# %%
import numpy as np
data = np.loadtxt("data.csv", delimiter=",")
assert data.sum() == 10
np.savetxt("data.csv", data * 0)
# %%
#right
from helper import double
