#right
del train
from helper import train
