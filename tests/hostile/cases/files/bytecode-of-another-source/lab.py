#right
from helper import double
