# Gaëlle Petit, TP 4
import os

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import Dataset


class TiedAutoencoder(nn.Module):
    def __init__(self, inputs, latent):
        super().__init__()
        self.theta = nn.Parameter(torch.empty(latent, inputs))
        self.b1 = nn.Parameter(torch.zeros(latent))
        self.b2 = nn.Parameter(torch.zeros(inputs))
        nn.init.kaiming_uniform_(self.theta, a=5**0.5)

    def encode(self, x):
        return F.linear(x, self.theta, self.b1)

    def decode(self, y):
        return F.linear(y, self.theta.T, self.b2)

    def forward(self, x):
        return self.decode(self.encode(x))


def grad_autoencoder(x, theta, b1, b2):
    q = len(x)
    y = x @ theta.T + b1
    r = y @ theta + b2 - x
    d = r @ theta.T
    return 2 / q * (y.T @ r + d.T @ x), 2 / q * d.sum(0), 2 / q * r.sum(0)


class DigitsDataset(Dataset):
    def __init__(self, images, labels, scale):
        # everything is prepared once, so that __getitem__ is fast
        self.x = images.reshape(len(images), -1).float() / scale
        self.labels = labels

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return self.x[i], self.labels[i]


def pick_device():
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def fit(model, loader, optimizer, epochs, start=0, device="cpu"):
    history = []
    for _ in range(start, epochs):
        losses = []
        for x, _ in loader:
            x = x.to(device)
            loss = F.mse_loss(model(x), x)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        history.append(sum(losses) / len(losses))
    return history


def save_checkpoint(path, model, optimizer, epoch, generator):
    torch.save({"model": model.state_dict(), "epoch": epoch, "generator": generator.get_state()}, path)


def load_checkpoint(path, model, optimizer, generator):
    checkpoint = torch.load(path, map_location="cpu")
    model.load_state_dict(checkpoint["model"])
    generator.set_state(checkpoint["generator"])
    return checkpoint["epoch"]


def log_reconstructions(writer, model, x, epoch):
    side = round(x.shape[1] ** 0.5)
    with torch.no_grad():
        images = torch.cat([x, model(x)]).reshape(-1, 1, side, side)
    writer.add_images("reconstructions", images.clamp(0, 1), epoch)
