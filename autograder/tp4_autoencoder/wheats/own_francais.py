"""Script français : Sauvegarde dans une dataclass, pickle et un nom temporaire, figure matplotlib, tqdm, état global."""

import copy
import io
import os
import pickle
import time
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Dataset
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

matplotlib.use("Agg")
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
chemin_sauvegarde = Path("model.pch")


def reconstruction_loss(xhat, x):
    return ((xhat - x) ** 2).sum() / len(x)


class Autoencodeur(nn.Module):
    def __init__(self, inputs, latent):
        super(Autoencodeur, self).__init__()
        # nn.Linear tire ses poids comme demandé ; on ne garde que la matrice
        self.theta = nn.Parameter(nn.Linear(inputs, latent).weight.detach().clone())
        self.b1 = nn.Parameter(torch.zeros(latent))
        self.b2 = nn.Parameter(torch.zeros(inputs))

    def encode(self, x):
        return torch.matmul(x, self.theta.T).add(self.b1)

    def decode(self, y):
        return torch.matmul(y, self.theta).add(self.b2)

    def forward(self, x):
        y = self.encode(x)
        xhat = self.decode(y)
        return xhat


TiedAutoencoder = Autoencodeur


def grad_autoencoder(x, theta, b1, b2):
    q = x.shape[0]
    # aller
    y = x @ theta.T + b1
    xhat = y @ theta + b2
    # retour
    dxhat = 2 / q * (xhat - x)
    dtheta = torch.zeros_like(theta)
    dtheta += y.T @ dxhat
    db2 = dxhat.sum(0)
    dy = dxhat @ theta.T
    dtheta += dy.T @ x
    db1 = dy.sum(0)
    return [dtheta, db1, db2]


class DigitsDataset(Dataset):
    def __init__(self, images, labels, scale):
        self.images = images
        self.labels = labels
        self.scale = scale

    def __len__(self):
        return len(self.images)

    def __getitem__(self, i):
        image = np.asarray(self.images[i], dtype=np.float32)
        return torch.from_numpy(image.ravel() / np.float32(self.scale)), self.labels[i]


def pick_device():
    if torch.cuda.is_available():
        return torch.device("cuda")
    elif torch.backends.mps.is_available():
        return torch.device("mps")
    else:
        return torch.device("cpu")


def fit(model, loader, optimizer, epochs, start=0, device="cpu"):
    pertes = []
    for epoque in tqdm(range(start, epochs)):
        cumul = []
        for x, _ in loader:
            x = x.to(device)
            optimizer.zero_grad()
            xhat = model(x)
            l = reconstruction_loss(xhat, x)
            l.backward()
            optimizer.step()
            cumul.append(l.cpu().item())
        pertes.append(float(np.mean(cumul)))
    return pertes


@dataclass
class Etat:
    modele: dict
    optim: dict
    epoque: int
    graine: torch.Tensor


def save_checkpoint(path, model, optimizer, epoch, generator):
    etat = Etat(model.state_dict(), optimizer.state_dict(), epoch, generator.get_state())
    temporaire = Path(path).with_suffix(".tmp")
    with temporaire.open("wb") as fp:
        torch.save(vars(etat), fp)
    temporaire.rename(path)


def load_checkpoint(path, model, optimizer, generator):
    with open(path, "rb") as fp:
        etat = Etat(**torch.load(fp, map_location=torch.device("cpu")))
    model.load_state_dict(etat.modele)
    optimizer.load_state_dict(etat.optim)
    generator.set_state(etat.graine)
    return etat.epoque


def log_reconstructions(writer, model, x, epoch):
    with torch.no_grad():
        xhat = model(x)
    cote = int(x.shape[1] ** 0.5)
    figure, axes = plt.subplots(2, len(x), figsize=(len(x), 2), squeeze=False)
    for ligne, images in zip(axes, (x, xhat)):
        for ax, image in zip(ligne, images.cpu()):
            ax.imshow(image.reshape(cote, cote), cmap="gray", vmin=0, vmax=1)
            ax.axis("off")
    writer.add_figure("reconstructions", figure, epoch)


if __name__ == "__main__":
    debut = time.time()
    images, labels = torch.randint(0, 17, (200, 8, 8), dtype=torch.uint8), torch.randint(0, 10, (200,))
    g = torch.Generator().manual_seed(1)
    loader = DataLoader(DigitsDataset(images, labels, 16), batch_size=64, shuffle=True, generator=g, num_workers=2)
    modele = TiedAutoencoder(64, 16).to(device)
    optim = torch.optim.Adam(modele.parameters(), lr=0.01)
    print(fit(modele, loader, optim, 3, device=device), round(time.time() - debut))
    with SummaryWriter("runs/tp4") as writer:
        log_reconstructions(writer, modele, (images[:4].reshape(4, -1) / 16).to(device), 3)
