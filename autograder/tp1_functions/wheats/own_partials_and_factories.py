"""Functions that no `def` of that name makes: partial, lambda, a factory's closure, a static method, a timing decorator."""

import argparse
import functools
import os
import sys
import time
from math import *

import torch
from torch import nn
from torch.autograd import Function, gradcheck
from torch.utils.tensorboard import SummaryWriter

ICI = os.path.dirname(os.path.abspath(__file__))
os.makedirs(os.path.join(ICI, "runs"), exist_ok=True)

parser = argparse.ArgumentParser()
parser.add_argument("--seed", type=int, default=0)
args = parser.parse_args()
torch.manual_seed(args.seed)
torch.autograd.set_detect_anomaly(True)

temps = {}


def chrono(f):
    @functools.wraps(f)
    def enveloppe(*args, **kwargs):
        debut = time.time()
        try:
            return f(*args, **kwargs)
        finally:
            temps[f.__name__] = temps.get(f.__name__, 0) + time.time() - debut

    return enveloppe


class Context(object):
    def __init__(self):
        self.saved_tensors = ()
        self.needs_input_grad = [True for _ in range(8)]

    def save_for_backward(self, *tensors):
        self.saved_tensors = tensors


class Gradients:
    """Les formules, rangées ensemble."""

    @staticmethod
    def mse(yhat, y):
        d = 2 * (yhat - y) / len(y)
        return d, -d

    @classmethod
    def cost(cls, x, w, b, y):
        g, _ = cls.mse(x @ w + b, y)
        return x.T @ g, g.sum(0)


grad_mse = Gradients.mse
grad_cost = Gradients.cost
grad_linear = lambda x, w, b, grad_output: (grad_output @ w.T, x.T @ grad_output, grad_output.sum(0))


class MSE(Function):
    @staticmethod
    @chrono
    def forward(ctx, yhat, y):
        ctx.save_for_backward(yhat, y)
        return ((yhat - y) ** 2).sum() / len(y)

    @staticmethod
    @chrono
    def backward(ctx, grad_output):
        return tuple(grad_output * d for d in Gradients.mse(*ctx.saved_tensors))


class Linear(Function):
    @staticmethod
    @chrono
    def forward(ctx, x, w, b):
        ctx.save_for_backward(x, w, b)
        return x @ w + b

    @staticmethod
    @chrono
    def backward(ctx, grad_output):
        x, w, b = ctx.saved_tensors
        dx, dw, db = grad_linear(x, w, b, grad_output)
        return dx, dw, db.reshape(b.shape)


mse, linear = (f.apply for f in (MSE, Linear))

check_mine = lambda mse, linear: gradcheck(
    mse, [torch.randn(10, 5, dtype=torch.float64, requires_grad=True) for _ in range(2)]
) and gradcheck(linear, [torch.randn(s, dtype=torch.float64, requires_grad=True) for s in ((13, 5), (5, 7), (7,))])


class Trainer:
    """Un objet que l'on appelle."""

    def __init__(self, batch_size=None):
        self.batch_size = batch_size

    def __call__(self, x, y, lr, epochs, w=None, b=None, *, generator=None, x_test=None, y_test=None, writer=None):
        w = x.new_zeros(x.shape[1], y.shape[1]) if w is None else w
        b = x.new_zeros(y.shape[1]) if b is None else b
        history = []
        for epoch in range(epochs):
            history.append(mse(linear(x, w, b), y).item())
            if writer is not None:
                writer.add_scalar("Loss/train", history[-1], epoch)
                if x_test is not None:
                    writer.add_scalar("Loss/test", mse(linear(x_test, w, b), y_test).item(), epoch)
            for rows in self.batches(len(x), generator):
                w = w.detach().requires_grad_(True)
                b = b.detach().requires_grad_(True)
                dw, db = torch.autograd.grad(mse(linear(x[rows], w, b), y[rows]), (w, b))
                w, b = w - lr * dw, b - lr * db
        return w.detach(), b.detach(), history

    def batches(self, q, generator):
        if self.batch_size is None:
            return [slice(None)]
        return torch.randperm(q, generator=generator).split(self.batch_size)


train_batch = Trainer()
train_sgd = Trainer(1)


def make_minibatch():
    def train(x, y, lr, epochs, batch_size, w=None, b=None, *, generator=None):
        return Trainer(batch_size)(x, y, lr, epochs, w, b, generator=generator)

    return train


train_minibatch = make_minibatch()


def biggest_step(factor, x):
    xx = torch.cat((x, torch.ones_like(x[:, :1])), dim=1)
    return factor / torch.linalg.eigvalsh(xx.T @ xx / len(x))[-1]


max_learning_rate = functools.partial(biggest_step, 1.0)

if __name__ == "__main__":
    writer = SummaryWriter(os.path.join(ICI, "runs"))
    train_batch(torch.randn(50, 13), torch.randn(50, 3), 0.05, 20, writer=writer)
    writer.close()
    print(sorted(temps), file=sys.stderr)
