from answers import *
from native import *
