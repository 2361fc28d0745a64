"""Lab 3, Daniel Kim. A script: one trainer for everything, main() behind a guard."""

import math
import time
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn


def train_autograd(features, targets, step, rounds, w=None, b=None):
    """Same descent, functional: torch.autograd.grad, nothing in place, nothing to zero."""
    w = torch.zeros(features.shape[1], 1).to(features) if w is None else w
    b = torch.zeros(1).to(features) if b is None else b
    history = []
    for _ in range(rounds):
        leaves = [t.detach().clone().requires_grad_() for t in (w, b)]
        cost = (features @ leaves[0] + leaves[1] - targets).square().sum().div(len(features))
        history.append(cost.item())
        w, b = (leaf.detach() - step * slope for leaf, slope in zip(leaves, torch.autograd.grad(cost, leaves)))
    return w, b, history


class Regressor(nn.Module):
    """Layers under names of their own."""

    def __init__(self, sizes):
        super().__init__()
        self.names = [f"layer_{k}" for k in range(1, len(sizes))]
        for name, shape in zip(self.names, zip(sizes, sizes[1:])):
            self.add_module(name, nn.Linear(*shape))

    def forward(self, rows):
        out = rows
        for name in self.names:
            out = self._modules[name](torch.tanh(out) if name != self.names[0] else out)
        return out


def make_optimizer(model, name, lr):
    match name:
        case "sgd":
            return torch.optim.SGD(model.parameters(), lr)
        case "adam":
            return torch.optim.Adam(model.parameters(), lr)
    raise ValueError(f"no such optimiser: {name}")


def one_update(model, batch, optimizer, loss_fn):
    rows, targets = batch
    model.zero_grad()
    loss = loss_fn(model(rows), targets)
    torch.autograd.backward(loss)
    optimizer.step()
    return loss.item()


def train_optim(model, loader, optimizer, epochs, loss_fn=F.mse_loss):
    per_epoch = []
    while len(per_epoch) < epochs:
        losses = [one_update(model, batch, optimizer, loss_fn) for batch in loader]
        per_epoch.append(math.fsum(losses) / len(losses))
    return per_epoch


class evaluation_mode:
    def __init__(self, model):
        self.model = model

    def __enter__(self):
        self.before = self.model.training
        return self.model.eval()

    def __exit__(self, *error):
        self.model.train(self.before)


def evaluate(model, x, y, loss_fn=F.mse_loss):
    with evaluation_mode(model) as quiet, torch.no_grad():
        return loss_fn(quiet(x), y).item()


@dataclass
class Run:
    batch_size: int
    epoch: int = 0
    loss: float = math.nan
    updates: int = 0
    seconds: float = 0.0


def campaign(x, y, batch_sizes, epochs, lr, seed, writer=None):
    table = []
    for size in batch_sizes:
        order = torch.Generator().manual_seed(seed)
        model = Regressor([x.size(1), 1]).to(x.device, x.dtype)
        nn.utils.vector_to_parameters(x.new_zeros(x.size(1) + 1), model.parameters())
        optimizer, run = make_optimizer(model, "sgd", lr), Run(size)
        for _ in range(epochs):
            chunks = torch.rand(len(x), generator=order).argsort().chunk(math.ceil(len(x) / size))
            chunks = torch.cat(chunks).split(size)
            clock = time.perf_counter_ns()
            train_optim(model, [(x[c], y[c]) for c in chunks], optimizer, 1)
            run.seconds += (time.perf_counter_ns() - clock) / 1e9
            run.epoch, run.updates, run.loss = run.epoch + 1, run.updates + len(chunks), evaluate(model, x, y)
            table.append(vars(run).copy())
            if writer:
                writer.add_scalar(f"Loss_per_epoch/batch_{size}", run.loss, run.epoch)
                writer.add_scalar(f"Loss_per_update/batch_{size}", run.loss, run.updates)
    return table


def main():
    x = torch.randn(100, 3)
    for row in campaign(x, x.sum(1, keepdim=True) + 1, [100, 16, 1], 3, 0.01, 0):
        print(row)


if __name__ == "__main__":
    main()
