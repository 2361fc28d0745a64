import troch
import matplotlib.pyplt as plt
from torch.autograd import Fonction
#right
