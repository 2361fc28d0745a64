import torch


def double(x):
    return 2 * float(x)


def follow(x):
    raise NotImplementedError
