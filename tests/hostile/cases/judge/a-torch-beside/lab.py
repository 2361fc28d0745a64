#right
import numpy
import sitecustomize
