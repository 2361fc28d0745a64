from answers import *
from neighbour import *
from hidden import *
