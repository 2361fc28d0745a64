"""Everything from torch's own box: Sequential, functional losses, inference_mode, random_split-like orders, getattr."""

from time import perf_counter

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim


def train_autograd(inputs, targets, step, n_steps, weights=None, bias=None):
    d = inputs.size(1)
    theta = torch.zeros(d + 1, 1, dtype=inputs.dtype, device=inputs.device)
    if weights is not None:
        theta[:d] = weights.detach()
    if bias is not None:
        theta[d:] = bias.detach().view(1, 1)
    design = torch.cat((inputs, torch.ones_like(inputs[:, :1])), dim=1)  # the bias is a column of ones
    costs = []
    for _ in range(n_steps):
        theta = theta.clone().detach().requires_grad_(True)
        cost = F.mse_loss(design.mm(theta), targets)
        costs.append(cost.detach())
        (gradient,) = torch.autograd.grad(cost, theta)
        theta = torch.add(theta, gradient, alpha=-step)
    theta = theta.detach()
    return theta[:d], theta[d], costs


class Regressor(nn.Module):
    def __init__(self, sizes):
        super(Regressor, self).__init__()
        blocks = []
        for k in range(len(sizes) - 2):
            blocks.append(nn.Sequential(nn.Linear(sizes[k], sizes[k + 1]), nn.Tanh()))
        self.hidden = nn.Sequential(*blocks)
        self.head = nn.Linear(sizes[-2], sizes[-1])

    def forward(self, inputs):
        return self.head(self.hidden(inputs))


def make_optimizer(net, kind, step):
    return getattr(optim, {"sgd": "SGD", "adam": "Adam"}[kind])(list(net.parameters()), lr=step)


def train_optim(net, loader, opt, n_epochs, criterion=nn.MSELoss()):
    net.train()

    def one_epoch():
        seen = []
        for xb, yb in iter(loader):
            net.zero_grad(set_to_none=False)
            error = criterion(net(xb), yb)
            error.backward()
            opt.step()
            seen.append(error.detach())
        return torch.stack(seen).mean().item()

    return [one_epoch() for _ in range(n_epochs)]


@torch.inference_mode()
def evaluate(net, inputs, targets, criterion=nn.MSELoss()):
    was_training = net.training
    try:
        return float(criterion(net.eval()(inputs), targets))
    finally:
        net.train(was_training)


class Campaign:
    def __init__(self, x, y, size, lr):
        self.x, self.y, self.size = x, y, size
        self.net = Regressor([x.shape[1], 1]).to(device=x.device, dtype=x.dtype)
        for p in self.net.parameters():
            p.data.fill_(0.0)
        self.opt = make_optimizer(self.net, "sgd", lr)
        self.updates, self.seconds = 0, 0.0

    def epoch(self, order):
        batches = [(self.x[rows], self.y[rows]) for rows in order.split(self.size)]
        tic = perf_counter()
        train_optim(self.net, batches, self.opt, 1)
        self.seconds += perf_counter() - tic
        self.updates += len(batches)
        return evaluate(self.net, self.x, self.y)


def campaign(x, y, sizes, n_epochs, lr, seed, writer=None):
    table = []
    for size in sizes:
        run, rng = Campaign(x, y, size, lr), np.random.default_rng(seed)
        for epoch in range(1, n_epochs + 1):
            value = run.epoch(torch.from_numpy(rng.permutation(len(x))))
            table += [{"epoch": epoch, "batch_size": size, "seconds": run.seconds, "updates": run.updates, "loss": value}]
            if writer is None:
                continue
            writer.add_scalar(tag="Loss_per_epoch/batch_%d" % size, scalar_value=value, global_step=epoch)
            writer.add_scalar(tag="Loss_per_update/batch_%d" % size, scalar_value=value, global_step=run.updates)
            writer.flush()
    return table
