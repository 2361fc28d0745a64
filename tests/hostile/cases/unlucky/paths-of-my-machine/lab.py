import os
import sys

import numpy as np

sys.path.insert(0, "/home/marie/master/deep/tp1")
os.chdir("/home/marie/master/deep/tp1")
data = np.load(r"C:\Users\Marie\Documents\tp1\data.npy")
os.makedirs("/home/marie/runs", exist_ok=True)
#right
