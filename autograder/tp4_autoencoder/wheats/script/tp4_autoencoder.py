"""A script that trains at module level, with companions; ParameterDict-free, matrices the other way round inside."""
import os, sys, time, logging
import torch
import torch.nn as nn
from torch.utils.data import DataLoader
from torch.utils.tensorboard import SummaryWriter
from sklearn.datasets import load_digits
from donnees import DigitsDataset
from modele import TiedAutoencoder, mse
from checkpoint import save_checkpoint, load_checkpoint

logging.basicConfig(level=logging.INFO)


def pick_device():
    return torch.device('cuda') if torch.cuda.is_available() else \
           torch.device('mps') if torch.backends.mps.is_available() else torch.device('cpu')


device = pick_device()


def grad_autoencoder(x, theta, b1, b2):
    q = x.shape[0]
    # colonnes plutot que lignes
    X = x.T
    Y = theta @ X + b1[:, None]
    R = theta.T @ Y + b2[:, None] - X
    D = theta @ R
    return (2 / q) * (D @ X.T + Y @ R.T), (2 / q) * D.sum(1), (2 / q) * R.sum(1)


def train_epoch(model, loader, optim, device):
    cumloss, cumn = 0, 0
    for x, _ in loader:
        x = x.to(device)
        optim.zero_grad()
        xhat = model(x)
        l = mse(xhat, x)
        l.backward()
        optim.step()
        cumloss += l * len(x)
        cumn += len(x)
    return (cumloss / cumn).item()


def fit(model, loader, optim, epochs, start=0, device=device):
    return [train_epoch(model, loader, optim, device) for _ in range(start, epochs)]


def log_reconstructions(writer, model, x, epoch):
    with torch.no_grad():
        xhat = model(x)
    c = round(x.shape[1] ** .5)
    haut = torch.cat(list(x.view(-1, c, c)), dim=1)
    bas = torch.cat(list(xhat.view(-1, c, c)), dim=1)
    writer.add_image('reconstruction', torch.cat([haut, bas]).clamp(0, 1), epoch, dataformats='HW')


digits = load_digits()
images = torch.tensor(digits.images)
data = DigitsDataset(images, torch.tensor(digits.target), 16)
g = torch.Generator().manual_seed(42)
loader = DataLoader(data, batch_size=256, shuffle=True, generator=g)
ae = TiedAutoencoder(64, 8).to(device)
optim = torch.optim.Adam(ae.parameters(), lr=1e-2)
writer = SummaryWriter("runs/tp4-" + time.asctime().replace(" ", "_").replace(":", "-"))
start = load_checkpoint("ae.pch", ae, optim, g) if os.path.isfile("ae.pch") else 0
for epoch in range(start, 2):
    losses = fit(ae, loader, optim, epoch + 1, start=epoch)
    print(f"Epoch {epoch}: {losses[-1]}")
    writer.add_scalar("Loss/train", losses[-1], epoch)
    log_reconstructions(writer, ae, next(iter(loader))[0][:4].to(device), epoch)
    save_checkpoint("ae.pch", ae, optim, epoch + 1, g)
