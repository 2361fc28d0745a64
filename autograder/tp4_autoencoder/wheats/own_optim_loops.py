"""Rows summed by hand, an accumulator of tensors, a context manager for atomic files, os.rename, history from a generator function."""

import contextlib
import os
import time

import numpy as np
import torch
from torch import nn
from torch.utils.data import Dataset

torch.set_default_dtype(torch.float32)


def reconstruction_loss(xhat, x):
    total = 0
    for row, target in zip(xhat, x):
        total = total + torch.dot(row - target, row - target)
    return total / len(x)


class TiedAutoencoder(nn.Module):
    """One theta, two uses; parameters in a dict as well."""

    def __init__(self, inputs, latent):
        super().__init__()
        for name, shape in (("theta", (latent, inputs)), ("b1", latent), ("b2", inputs)):
            setattr(self, name, nn.Parameter(torch.zeros(shape)))
        nn.init.kaiming_uniform_(self.theta, a=5**0.5)

    def encode(self, x):
        return torch.einsum("qn,kn->qk", x, self.theta) + self.b1

    def decode(self, y):
        return torch.einsum("qk,kn->qn", y, self.theta) + self.b2

    def forward(self, x):
        self.latents = self.encode(x)
        return self.decode(self.latents)


def grad_autoencoder(x, theta, b1, b2):
    dtheta, db1, db2 = (torch.zeros_like(t) for t in (theta, b1, b2))
    for row in x:
        y = theta @ row + b1
        g = 2 * (theta.T @ y + b2 - row) / x.shape[0]
        d = theta @ g
        dtheta += torch.outer(y, g) + torch.outer(d, row)
        db1 += d
        db2 += g
    return dtheta, db1, db2


class DigitsDataset(Dataset):
    def __init__(self, images, labels, scale):
        self.data = (images, labels)
        self.scale = scale

    def __len__(self):
        images, _ = self.data
        return len(images)

    def __getitem__(self, i):
        images, labels = self.data
        image, label = images[i], labels[i]
        pixels = [pixel for line in image.tolist() for pixel in line]
        return torch.tensor(pixels, dtype=torch.float32) / self.scale, label


def pick_device():
    choices = []
    if torch.cuda.is_available():
        choices.append("cuda")
    if torch.backends.mps.is_available():
        choices.append("mps")
    return torch.device((choices + ["cpu"])[0])


def epochs_of(model, loader, optimizer, device):
    while True:
        total, batches = torch.zeros((), dtype=torch.float64), 0
        for x, label in loader:
            x = torch.Tensor.to(x, device) if isinstance(x, torch.Tensor) else x.to(device)
            optimizer.zero_grad()
            loss = reconstruction_loss(model.forward(x), x)
            loss.backward()
            optimizer.step()
            with torch.no_grad():
                total += loss.cpu()
            batches += 1
        yield (total / batches).item()


def fit(model, loader, optimizer, epochs, start=0, device="cpu"):
    run = epochs_of(model, loader, optimizer, device)
    return [next(run) for _ in range(epochs - start)]


@contextlib.contextmanager
def atomic(path):
    other = f"{path}~{time.time_ns()}"
    try:
        yield other
        os.rename(other, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.remove(other)


def save_checkpoint(path, model, optimizer, epoch, generator):
    with atomic(path) as other:
        states = dict(model=model, optimizer=optimizer)
        states = {name: thing.state_dict() for name, thing in states.items()}
        torch.save(states | {"epoch": epoch, "rng": generator.get_state()}, other)


def load_checkpoint(path, model, optimizer, generator):
    match torch.load(path, map_location="cpu", weights_only=False):
        case {"model": weights, "optimizer": moments, "epoch": epoch, "rng": rng}:
            model.load_state_dict(weights)
            optimizer.load_state_dict(moments)
            generator.set_state(rng)
            return epoch


def log_reconstructions(writer, model, x, epoch):
    xhat = model(x).detach()
    side = int(np.sqrt(x.shape[1]))
    sheet = torch.cat([torch.cat([v.reshape(side, side) for v in rows], 1) for rows in (x, xhat)], 0)
    writer.add_image("x and xhat", sheet.clamp(0, 1)[None], epoch)
