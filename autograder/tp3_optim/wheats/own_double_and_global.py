"""float64 by default, seeds everywhere, global state, a module-level campaign with plots, w -= under no_grad, a dict of layers."""

import random
import time

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch.nn import Linear, Module, ModuleList, MSELoss, Tanh
from torch.utils.data import DataLoader, TensorDataset
from torch.utils.tensorboard import SummaryWriter

torch.set_default_dtype(torch.float64)
SEED = 42
random.seed(SEED)
np.random.seed(SEED)
torch.manual_seed(SEED)
torch.autograd.set_detect_anomaly(True)

UPDATES = 0
START = 0.0


def train_autograd(x, y, lr, epochs, w=None, b=None):
    if w is None:
        w = torch.zeros((x.shape[1], 1), dtype=x.dtype)
    if b is None:
        b = torch.zeros((1,), dtype=x.dtype)
    w, b = torch.clone(w).detach(), torch.clone(b).detach()
    w.requires_grad_()
    b.requires_grad_()
    history = []
    epoch = 0
    while epoch < epochs:
        yhat = x.mm(w) + b
        loss = ((yhat - y) ** 2).sum() / len(y)
        history.append(loss.item())
        loss.backward()
        with torch.no_grad():
            w -= lr * w.grad
            b -= lr * b.grad
        w.grad.zero_()
        b.grad.zero_()
        epoch += 1
    return w.detach(), b.detach(), history


class Block(Module):
    def __init__(self, n, p, last):
        super().__init__()
        self.linear = Linear(n, p)
        self.last = last

    def forward(self, x):
        out = self.linear(x)
        return out if self.last else Tanh()(out)


class Regressor(Module):
    def __init__(self, sizes):
        super().__init__()
        last = len(sizes) - 2
        self.layers = ModuleList(Block(sizes[k], sizes[k + 1], k == last) for k in range(last + 1))

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


def make_optimizer(model, name, lr):
    if name == "sgd":
        optimizer = torch.optim.SGD(params=model.parameters(), lr=lr)
    elif name == "adam":
        optimizer = torch.optim.Adam(params=model.parameters(), lr=lr)
    return optimizer


def train_optim(model, loader, optimizer, epochs, loss_fn=MSELoss()):
    global UPDATES
    history = []
    for epoch in range(epochs):
        total, batches = 0.0, 0
        for batch_idx, (x, y) in enumerate(loader):
            optimizer.zero_grad()
            yhat = model(x)
            loss = loss_fn(yhat, y)
            loss.backward()
            optimizer.step()
            total += loss.item()
            batches = batch_idx + 1
            UPDATES += 1
        history.append(total / batches)
    return history


def evaluate(model, x, y, loss_fn=MSELoss()):
    mode = model.training
    model.eval()
    torch.set_grad_enabled(False)
    loss = loss_fn(model(x), y)
    torch.set_grad_enabled(True)
    if mode:
        model.train()
    return loss.item()


def campaign(x, y, batch_sizes, epochs, lr, seed, writer=None):
    global UPDATES
    table = []
    for batch_size in batch_sizes:
        model = Regressor([x.shape[1], 1]).to(x)
        for p in model.parameters():
            torch.nn.init.constant_(p, 0.0)
        optimizer = make_optimizer(model, "sgd", lr)
        g = torch.Generator()
        g.manual_seed(seed + batch_size)
        loader = DataLoader(TensorDataset(x, y), batch_size=batch_size, shuffle=True, generator=g, num_workers=2)
        UPDATES, seconds = 0, 0
        for epoch in range(1, epochs + 1):
            start = time.perf_counter()
            train_optim(model, loader, optimizer, 1)
            seconds = seconds + time.perf_counter() - start
            loss = evaluate(model, x, y)
            table.append(dict(batch_size=batch_size, epoch=epoch, loss=loss, updates=UPDATES, seconds=seconds))
            if writer is not None:
                writer.add_scalar("Loss_per_epoch/batch_" + str(batch_size), loss, epoch)
                writer.add_scalar("Loss_per_update/batch_" + str(batch_size), loss, UPDATES)
                writer.flush()
    return table


x = torch.randn(100, 4)
y = x @ torch.tensor([[1.0], [2.0], [-1.0], [0.5]]) + 3
with SummaryWriter() as writer:
    table = campaign(x, y, [100, 20], 5, 0.05, 0, writer=writer)
for size in (100, 20):
    rows = [row for row in table if row["batch_size"] == size]
    plt.plot([row["updates"] for row in rows], [row["loss"] for row in rows], label=f"batch {size}")
plt.legend()
plt.show()
