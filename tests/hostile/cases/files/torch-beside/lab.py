import random
import numpy
import torch


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x + x

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output


def double(x):
    return 3 * x


def follow(x):
    return Square.apply(x)


def train(x, y, batch_size, epochs, lr):
    return torch.zeros(3, 1), torch.zeros(1), [0.0] * epochs
