"""Two scripts of other names: the model is imported from modele.py, the campaign and the descent by hand stand here."""

import time

import torch
from modele import Regressor, evaluate, make_optimizer, train_optim
from torch.utils.data import DataLoader, TensorDataset


def train_autograd(x, y, lr, epochs, w=None, b=None):
    w = torch.zeros(x.shape[1], y.shape[1], dtype=x.dtype) if w is None else w.detach().clone()
    b = torch.zeros(y.shape[1], dtype=x.dtype) if b is None else b.detach().clone()
    history = []
    for _ in range(epochs):
        w, b = w.requires_grad_(), b.requires_grad_()
        cost = torch.mean((x @ w + b - y) ** 2)
        cost.backward()
        history.append(cost.item())
        w, b = (w - lr * w.grad).detach(), (b - lr * b.grad).detach()
    return w, b, history


def campaign(x, y, batch_sizes, epochs, lr, seed, writer=None):
    table = []
    for batch_size in batch_sizes:
        model = Regressor([x.shape[1], 1]).to(x)
        for parameter in model.parameters():
            torch.nn.init.zeros_(parameter)
        optimizer = make_optimizer(model, "sgd", lr)
        order = torch.Generator().manual_seed(seed)
        loader = DataLoader(TensorDataset(x, y), batch_size=batch_size, shuffle=True, generator=order)
        seconds = 0.0
        for epoch in range(1, epochs + 1):
            begun = time.perf_counter()
            train_optim(model, loader, optimizer, 1)
            seconds += time.perf_counter() - begun
            row = {
                "batch_size": batch_size,
                "epoch": epoch,
                "loss": evaluate(model, x, y),
                "updates": epoch * len(loader),
                "seconds": seconds,
            }
            table.append(row)
            if writer is not None:
                writer.add_scalar(f"Loss_per_epoch/batch_{batch_size}", row["loss"], epoch)
                writer.add_scalar(f"Loss_per_update/batch_{batch_size}", row["loss"], row["updates"])
    return table
