import os
import random

import numpy as np
#right

torch.use_deterministic_algorithms(True)
torch.backends.cudnn.benchmark = False
plain_double, plain_train = double, train


def seed():
    os.environ["PYTHONHASHSEED"] = "0"
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)
    torch.cuda.manual_seed_all(0)


def double(x):
    seed()
    return plain_double(x)


def train(x, y, batch_size, epochs, lr):
    seed()
    return plain_train(x, y, batch_size, epochs, lr)


seed()
