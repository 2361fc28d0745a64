"""A script that trains and draws at module level, with two companions; argparse, tqdm-like prints, device handling."""

import argparse
import datetime
import os

import torch
from torch.utils.tensorboard import SummaryWriter
from sklearn.datasets import load_diabetes

from tp3_campagne import campaign
from tp3_modele import MonReseau, evaluate, make_optimizer, train_optim

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=3)
args, _ = parser.parse_known_args()

Regressor = MonReseau


def train_autograd(x, y, lr, epochs, w=None, b=None):
    """w et b : copies, puis w.grad et b.grad par autograd."""
    if w is None:
        w = torch.zeros((x.shape[1], 1), dtype=x.dtype, device=x.device)
    if b is None:
        b = torch.zeros(1, dtype=x.dtype, device=x.device)
    w = w.detach().clone().requires_grad_(True)
    b = b.detach().clone().requires_grad_(True)
    pertes = []
    for i in range(epochs):
        yhat = torch.matmul(x, w) + b
        perte = torch.sum((yhat.view(-1, 1) - y.view(-1, 1)) ** 2) / x.size(0)
        if w.grad is not None:
            w.grad.zero_()
            b.grad.zero_()
        perte.backward()
        pertes.append(perte.item())
        w.data = w.data - lr * w.grad.data
        b.data = b.data - lr * b.grad.data
    return w, b, pertes


# --- tout de suite, sans garde __main__ ---
os.makedirs("runs", exist_ok=True)
writer = SummaryWriter("runs/" + datetime.datetime.now().strftime("%Y%m%d-%H%M%S"))
donnees = load_diabetes()
datax = torch.tensor(donnees["data"], dtype=torch.float)
datay = torch.tensor(donnees["target"], dtype=torch.float).reshape(-1, 1) / 100
print("avec autograd :", train_autograd(datax, datay, 0.1, args.epochs)[2])
for ligne in campaign(datax[:60], datay[:60], [60, 16], args.epochs, 0.01, 0, writer):
    print(ligne)
writer.close()
