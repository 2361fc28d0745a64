import warnings
import numpy as np

warnings.filterwarnings("error")
np.seterr(all="raise")
#right
