"""The model and how it is trained; campagne.py runs the campaign with it."""

import torch
from torch import nn


class Regressor(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        layers = []
        for n, p in zip(sizes[:-1], sizes[1:]):
            layers += [nn.Linear(n, p), nn.Tanh()]
        self.net = nn.Sequential(*layers[:-1])

    def forward(self, x):
        return self.net(x)


def make_optimizer(model, name, lr):
    return {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[name](model.parameters(), lr=lr)


def train_optim(model, loader, optimizer, epochs, loss_fn=nn.MSELoss()):
    history = []
    for _ in range(epochs):
        total, batches = 0.0, 0
        for x, y in loader:
            loss = loss_fn(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total, batches = total + loss.item(), batches + 1
        history.append(total / batches)
    return history


@torch.no_grad()
def evaluate(model, x, y, loss_fn=nn.MSELoss()):
    was_training = model.training
    model.eval()
    cost = loss_fn(model(x), y).item()
    if was_training:
        model.train()
    return cost
