import torch
from torch import nn


class MonReseau(nn.Module):
    def __init__(self, tailles):
        super().__init__()
        suite = []
        for entree, sortie in zip(tailles[:-1], tailles[1:]):
            suite.append(nn.Linear(entree, sortie))
            suite.append(nn.Tanh())
        suite.pop()
        self.layers = nn.Sequential(*suite)
        self.loss = nn.MSELoss()

    def forward(self, x):
        return self.layers(x)


def make_optimizer(model, nom, pas):
    if nom == "sgd":
        return torch.optim.SGD(params=model.parameters(), lr=pas)
    elif nom == "adam":
        return torch.optim.Adam(params=model.parameters(), lr=pas)
    raise ValueError(nom)


def train_optim(model, loader, optim, epochs, loss_fn=None):
    loss_fn = loss_fn or nn.MSELoss(reduction="mean")
    sortie = []
    for epoch in range(epochs):
        cumul = 0
        nb = 0
        optim.zero_grad()
        for x, y in loader:
            loss = loss_fn(model(x), y)
            optim.zero_grad()
            loss.backward()
            optim.step()
            optim.zero_grad()
            cumul += loss.item()
            nb += 1
        sortie.append(cumul / nb)
    return sortie


def evaluate(model, x, y, loss_fn=nn.MSELoss()):
    etat = model.training
    model.eval()
    with torch.no_grad():
        yhat = model.forward(x)
        perte = loss_fn(yhat, y)
    if etat:
        model.train()
    else:
        model.eval()
    return perte.item()
