"""The optimiser is given a closure, autograd.grad instead of backward, a Sequential of one's own, inference_mode as a decorator."""

from __future__ import annotations

import collections
import functools
import itertools
import time

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import BatchSampler, DataLoader, RandomSampler, TensorDataset

OPTIMIZERS = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}


def train_autograd(x, y, lr, epochs, w=None, b=None):
    theta = [
        torch.zeros(x.shape[-1], 1, dtype=x.dtype, device=x.device) if w is None else w,
        torch.zeros(1, dtype=x.dtype, device=x.device) if b is None else b,
    ]
    history = []
    for _ in range(epochs):
        theta = [t.detach().clone().requires_grad_() for t in theta]
        loss = F.mse_loss(torch.addmm(theta[1], x, theta[0]), y)
        history.append(loss.item())
        grads = torch.autograd.grad(loss, theta)
        theta = [t - lr * g for t, g in zip(theta, grads)]
    return theta[0].detach(), theta[1].detach(), history


class Regressor(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        layers = collections.OrderedDict()
        for k, (n, p) in enumerate(itertools.pairwise(sizes)):
            if k:
                layers[f"tanh{k}"] = nn.Tanh()
            layers[f"linear{k}"] = nn.Linear(n, p)
        self.layers = nn.Sequential(layers)

    def forward(self, x):
        return self.layers(x)


def make_optimizer(model, name, lr):
    try:
        return OPTIMIZERS[name.lower()](list(model.parameters()), lr=lr)
    except KeyError:
        raise ValueError(f"unknown optimiser: {name}") from None


def train_optim(model, loader, optimizer, epochs, loss_fn=nn.MSELoss()):
    def closure(x, y):
        optimizer.zero_grad(set_to_none=False)
        loss = loss_fn(model(x), y)
        loss.backward()
        return loss

    model.train()
    history = []
    for _ in range(epochs):
        losses = [optimizer.step(functools.partial(closure, x, y)).item() for x, y in loader]
        history.append(sum(losses) / len(losses))
    return history


@torch.inference_mode()
def evaluate(model, x, y, loss_fn=nn.MSELoss()):
    was_training = model.training
    try:
        return float(loss_fn(model.eval()(x), y))
    finally:
        model.train(was_training)


def campaign(x, y, batch_sizes, epochs, lr, seed, writer=None):
    table = []
    for batch_size in batch_sizes:
        model = nn.Linear(x.shape[1], 1).to(device=x.device, dtype=x.dtype)
        nn.init.zeros_(model.weight)
        nn.init.zeros_(model.bias)
        optimizer = make_optimizer(model, "sgd", lr)
        sampler = BatchSampler(
            RandomSampler(range(len(x)), generator=torch.Generator().manual_seed(seed)), batch_size, drop_last=False
        )
        loader = DataLoader(TensorDataset(x, y), sampler=sampler, batch_size=None)
        seconds = 0.0
        for epoch in range(1, epochs + 1):
            seconds -= time.perf_counter()
            train_optim(model, loader, optimizer, 1)
            seconds += time.perf_counter()
            row = {"batch_size": batch_size, "epoch": epoch, "loss": evaluate(model, x, y)}
            row |= {"updates": epoch * len(loader), "seconds": seconds}
            table.append(row)
            if writer is not None:
                writer.add_scalar(f"Loss_per_epoch/batch_{batch_size}", row["loss"], row["epoch"])
                writer.add_scalar(f"Loss_per_update/batch_{batch_size}", row["loss"], row["updates"])
    return table
