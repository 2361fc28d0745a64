"""TP 3, Hugo Lefevre."""

import time
from itertools import pairwise

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def start_from(x, y, w=None, b=None):
    w = x.new_zeros(x.shape[1], y.shape[1]) if w is None else w.detach().clone()
    b = x.new_zeros(y.shape[1]) if b is None else b.detach().clone()
    return w, b


def train_autograd(x, y, lr, epochs, w=None, b=None):
    w, b = start_from(x, y, w, b)
    history = []
    w.requires_grad_()
    b.requires_grad_()
    for _ in range(epochs):
        cost = ((x @ w + b - y) ** 2).mean()
        cost.backward()
        history.append(cost.item())
        with torch.no_grad():
            w -= lr * w.grad
            b -= lr * b.grad
        w.grad, b.grad = None, None
    return w.detach(), b.detach(), history


class Regressor(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.layers = [nn.Linear(n, p) for n, p in pairwise(sizes)]

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = torch.tanh(layer(x))
        return self.layers[-1](x)


def make_optimizer(model, name, lr):
    kinds = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}
    return kinds[name](model.parameters(), lr=lr)


def train_optim(model, loader, optimizer, epochs, loss_fn=nn.MSELoss()):
    history = []
    for _ in range(epochs):
        losses = []
        for x, y in loader:
            loss = loss_fn(model(x), y)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        history.append(sum(losses) / len(losses))
    return history


def evaluate(model, x, y, loss_fn=nn.MSELoss()):
    mode = model.training
    model.eval()
    with torch.no_grad():
        value = loss_fn(model(x), y).item()
    model.train(mode)
    return value


def at_zero(model):
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    return model


def campaign(x, y, batch_sizes, epochs, lr, seed, writer=None):
    table = []
    for batch_size in batch_sizes:
        model = at_zero(Regressor([x.shape[1], 1])).to(x)
        optimizer = make_optimizer(model, "sgd", lr)
        loader = DataLoader(TensorDataset(x, y), batch_size=batch_size, shuffle=True,
                            generator=torch.Generator().manual_seed(seed))
        updates, seconds = 0, 0.0
        for epoch in range(1, epochs + 1):
            start = time.perf_counter()
            train_optim(model, loader, optimizer, 1)
            seconds += time.perf_counter() - start
            updates += len(loader)
            loss = evaluate(model, x, y)
            table.append({"batch_size": batch_size, "epoch": epoch, "loss": loss, "updates": updates,
                          "seconds": seconds})
            if writer is not None:
                writer.add_scalar(f"Loss_per_epoch/batch_{batch_size}", loss, epoch)
                writer.add_scalar(f"Loss_per_update/batch_{batch_size}", loss, updates)
    return table


# essai
x = torch.randn(60, 4)
y = x.sum(1, keepdim=True) + 1
w, b, couts = train_autograd(x, y, 0.1, 50)
print("autograd :", couts[0], "->", couts[-1])
modele = nn.Linear(4, 1)
print("optim :", train_optim(modele, [(x, y)], make_optimizer(modele, "sgd", 0.01), 20))
print("reseau :", len(list(Regressor([4, 3, 1]).parameters())), "parametres")  # 0 ?
