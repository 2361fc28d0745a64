"""Bytes in memory first, then one write; states as a list; a property for the transpose; rows moved in the collate; add_image."""

import io
import os
import statistics

import torch
from torch import nn, no_grad
from torch.nn import init
from torch.utils.data import Dataset


def reconstruction_loss(xhat, x):
    return torch.linalg.matrix_norm(xhat - x) ** 2 / len(x)


class TiedAutoencoder(nn.Module):
    def __init__(self, inputs, latent):
        nn.Module.__init__(self)
        theta = torch.empty(latent, inputs)
        init.kaiming_uniform_(theta, a=5**0.5)
        self.theta, self.b1, self.b2 = map(nn.Parameter, (theta, torch.zeros(latent), torch.zeros(inputs)))

    @property
    def way_out(self):
        return self.theta.transpose(0, 1)

    def encode(self, x):
        return x.mm(self.way_out) + self.b1

    def decode(self, y):
        return torch.addmm(self.b2, y, self.theta)

    def forward(self, x):
        return self.decode(self.encode(x))


def linear_back(x, w, delta):
    """Gradients of x @ w + b: of x, of w, of b."""
    return delta @ w.mT, x.mT @ delta, delta.sum(dim=0)


def grad_autoencoder(x, theta, b1, b2):
    y = x @ theta.mT + b1
    residual = y @ theta + b2 - x
    dy, first, db2 = linear_back(y, theta, residual * (2 / len(x)))
    _, second, db1 = linear_back(x, theta.mT, dy)
    return first + second.mT, db1, db2


class DigitsDataset(Dataset):
    def __init__(self, images, labels, scale):
        self.prepare = lambda image: image.to(torch.float32).view(-1) if image.is_contiguous() else image.float().reshape(-1)
        self.images, self.labels, self.scale = images, labels, float(scale)

    __len__ = lambda self: len(self.images)

    def __getitem__(self, i):
        vector = self.prepare(self.images[i])
        return vector / self.scale, self.labels[i]


def pick_device():
    name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    return torch.device(name)


def moved(loader, device):
    for batch in loader:
        yield batch[0].to(device=device)


def fit(model, loader, optimizer, epochs, start=0, device="cpu"):
    device = torch.device(device)
    history, epoch = [], start
    while epoch < epochs:
        losses = []
        for x in moved(loader, device):
            model.zero_grad()
            loss = reconstruction_loss(model(x), x)
            loss.backward()
            optimizer.step()
            losses += [loss.item()]
        history += [statistics.mean(losses)]
        epoch += 1
    return history


def save_checkpoint(path, model, optimizer, epoch, generator):
    buffer = io.BytesIO()
    torch.save([model.state_dict(), optimizer.state_dict(), generator.get_state(), torch.tensor(epoch)], buffer)
    with open(f"{path}.{os.getpid()}", "wb") as file:
        file.write(buffer.getbuffer())
    os.replace(file.name, path)


def load_checkpoint(path, model, optimizer, generator):
    with open(path, "rb") as file:
        buffer = io.BytesIO(file.read())
    weights, moments, dice, done = torch.load(buffer, map_location="cpu")
    for target, state in ((model, weights), (optimizer, moments)):
        target.load_state_dict(state)
    generator.set_state(dice)
    return done.item()


@no_grad()
def log_reconstructions(writer, model, x, epoch):
    side = round(x.shape[1] ** 0.5)
    for i, (before, after) in enumerate(zip(x, model(x))):
        picture = torch.cat((before.reshape(side, side), after.reshape(side, side).clamp(0, 1)), dim=1)
        writer.add_image(f"digit/{i}", picture, epoch, dataformats="HW")
