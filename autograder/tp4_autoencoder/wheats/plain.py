"""The style of the solution: one theta, x @ theta.T and y @ theta, a dictionary of states, os.replace."""

import os

import torch
from torch import nn
from torch.utils.data import Dataset


def reconstruction_loss(xhat, x):
    return ((xhat - x) ** 2).sum() / len(x)


class TiedAutoencoder(nn.Module):
    def __init__(self, inputs, latent):
        super().__init__()
        self.theta = nn.Parameter(torch.empty(latent, inputs))
        self.b1 = nn.Parameter(torch.zeros(latent))
        self.b2 = nn.Parameter(torch.zeros(inputs))
        nn.init.kaiming_uniform_(self.theta, a=5**0.5)

    def encode(self, x):
        return x @ self.theta.T + self.b1

    def decode(self, y):
        return y @ self.theta + self.b2

    def forward(self, x):
        return self.decode(self.encode(x))


def grad_autoencoder(x, theta, b1, b2):
    y = x @ theta.T + b1
    dxhat = 2 / len(x) * (y @ theta + b2 - x)
    dy = dxhat @ theta.T
    return dy.T @ x + y.T @ dxhat, dy.sum(0), dxhat.sum(0)


class DigitsDataset(Dataset):
    def __init__(self, images, labels, scale):
        self.images, self.labels, self.scale = images, labels, scale

    def __len__(self):
        return len(self.images)

    def __getitem__(self, i):
        return self.images[i].reshape(-1).float() / self.scale, int(self.labels[i])


def pick_device():
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def fit(model, loader, optimizer, epochs, start=0, device="cpu"):
    history = []
    for _ in range(start, epochs):
        total, rows = 0.0, 0
        for x, _label in loader:
            x = x.to(device)
            loss = reconstruction_loss(model(x), x)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total, rows = total + loss.item() * len(x), rows + len(x)
        history.append(total / rows)
    return history


def save_checkpoint(path, model, optimizer, epoch, generator):
    state = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "epoch": epoch,
        "generator": generator.get_state(),
    }
    torch.save(state, path + ".part")
    os.replace(path + ".part", path)


def load_checkpoint(path, model, optimizer, generator):
    state = torch.load(path, map_location="cpu")
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    generator.set_state(state["generator"])
    return state["epoch"]


def log_reconstructions(writer, model, x, epoch):
    side = round(x.shape[1] ** 0.5)
    with torch.no_grad():
        pairs = torch.cat([x, model(x)]).clamp(0, 1)
    writer.add_images("reconstructions", pairs.reshape(-1, 1, side, side), epoch)
