"""F.linear on the weight of an nn.Linear (its twin stays unused), properties, einsum, a pickled State, add_figure."""

import shutil
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import Dataset


class TiedAutoencoder(nn.Module):
    def __init__(self, input_dim, latent_dim):
        super().__init__()
        self.fc1 = nn.Linear(input_dim, latent_dim)
        self.fc2 = nn.Linear(latent_dim, input_dim)  # only its bias is used
        nn.init.zeros_(self.fc1.bias)
        nn.init.zeros_(self.fc2.bias)

    @property
    def theta(self):
        return self.fc1.weight

    @property
    def b1(self):
        return self.fc1.bias

    @property
    def b2(self):
        return self.fc2.bias

    def encode(self, x):
        return self.fc1(x)

    def decode(self, h):
        return F.linear(h, self.fc1.weight.t(), self.fc2.bias)

    def forward(self, x):
        h = self.encode(x)
        return self.decode(h)


def grad_autoencoder(x, theta, b1, b2):
    q = x.size(0)
    h = torch.einsum("qn,kn->qk", x, theta) + b1
    r = torch.einsum("qk,kn->qn", h, theta) + b2 - x
    g_h = torch.einsum("qn,kn->qk", r, theta)
    g_theta = torch.einsum("qk,qn->kn", g_h, x) + torch.einsum("qk,qn->kn", h, r)
    return 2 / q * g_theta, (2 / q) * g_h.sum(dim=0, keepdim=True), 2 * r.mean(0)


class DigitsDataset(Dataset):
    def __init__(self, x, y, top):
        self.x = x.reshape(len(x), -1)  # a view: nothing is read
        self.y = y
        self.top = top

    def __len__(self):
        return len(self.y)

    def __getitem__(self, idx):
        return np.asarray(self.x[idx].cpu(), dtype=np.float32) / np.float32(self.top), self.y[idx]


def pick_device():
    accelerator = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
    return accelerator if accelerator is not None else torch.device("cpu")


def fit(model, loader, optimizer, epochs, start=0, device="cpu"):
    model.train()
    history = []
    for epoch in range(start, epochs):
        running = torch.zeros((), device=device)
        for data, target in loader:
            data, target = data.to(device, non_blocking=True), target.to(device)
            loss = F.mse_loss(model(data), data, reduction="sum") / data.size(0)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad(set_to_none=False)
            running += loss.detach()
        history.append(running / len(loader))
    return history


class State:
    def __init__(self, model, optim, epoch, order):
        self.model, self.optim, self.epoch, self.order = model, optim, epoch, order


def save_checkpoint(path, model, optimizer, epoch, generator):
    path = Path(path)
    temporary = path.with_suffix(".tmp")
    with temporary.open("wb") as fp:
        torch.save(State(model, optimizer, epoch, generator.get_state()), fp)
    shutil.move(str(temporary), str(path))


def load_checkpoint(path, model, optimizer, generator):
    with Path(path).open("rb") as fp:
        state = torch.load(fp, weights_only=False)
    model.load_state_dict(state.model.state_dict())
    optimizer.load_state_dict(state.optim.state_dict())
    generator.set_state(state.order)
    return state.epoch


def log_reconstructions(writer, model, x, epoch):
    side = int(np.sqrt(x.shape[1]))
    figure, axes = plt.subplots(2, len(x), squeeze=False, figsize=(len(x), 2))
    with torch.inference_mode():
        for column, pair in enumerate(zip(x, model(x))):
            for ax, vector in zip(axes[:, column], pair):
                ax.imshow(vector.cpu().reshape(side, side), cmap="gray")
    writer.add_figure("digits and reconstructions", figure, epoch)
