"""F.linear on theta and its transpose, annotations, kaiming by its bound, a comprehension that trains, mkstemp and fsync."""

from __future__ import annotations

import math
import os
import tempfile
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import Dataset

torch.manual_seed(0)


def reconstruction_loss(xhat: Tensor, x: Tensor) -> Tensor:
    return F.mse_loss(xhat, x, reduction="sum") / x.shape[0]


class TiedAutoencoder(nn.Module):
    theta: nn.Parameter

    def __init__(self, inputs: int, latent: int) -> None:
        super().__init__()
        self.register_parameter("theta", nn.Parameter(torch.empty((latent, inputs))))
        self.register_parameter("b1", nn.Parameter(torch.zeros(latent)))
        self.register_parameter("b2", nn.Parameter(torch.zeros(inputs)))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        bound = 1 / math.sqrt(self.theta.shape[1])  # kaiming_uniform_ with a = sqrt(5)
        nn.init.uniform_(self.theta, -bound, bound)

    def encode(self, x: Tensor) -> Tensor:
        return F.linear(x, self.theta, self.b1)

    def decode(self, y: Tensor) -> Tensor:
        return F.linear(y, self.theta.t(), self.b2)

    def forward(self, x: Tensor) -> Tensor:
        return self.decode(self.encode(x))

    def extra_repr(self) -> str:
        return f"inputs={self.theta.shape[1]}, latent={self.theta.shape[0]}"


def grad_autoencoder(x, theta, b1, b2):
    y = F.linear(x, theta, b1)
    g = 2 * (y @ theta + b2 - x) / len(x)
    d = F.linear(g, theta)
    return torch.einsum("qk,qn->kn", y, g) + torch.einsum("qk,qn->kn", d, x), d.sum(0), g.sum(0)


class DigitsDataset(Dataset):
    def __init__(self, images, labels, scale, dtype=torch.float32):
        super().__init__()
        self._images, self._labels, self._scale, self._dtype = images, labels, scale, dtype

    def __len__(self):
        return len(self._images)

    def __getitem__(self, index):
        image = torch.as_tensor(self._images[index], dtype=self._dtype)
        return torch.flatten(image).div(self._scale), int(self._labels[index])


def pick_device() -> torch.device:
    for name, available in (("cuda", torch.cuda.is_available), ("mps", torch.backends.mps.is_available)):
        if available():
            return torch.device(name)
    return torch.device("cpu")


def train_step(model: nn.Module, optimizer: torch.optim.Optimizer, x: Tensor) -> float:
    loss = reconstruction_loss(model(x), x)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    return float(loss.detach())


def fit(model, loader, optimizer, epochs, start=0, device: torch.device | str = "cpu"):
    return [
        math.fsum(losses) / len(losses)
        for _ in range(start, epochs)
        if (losses := [train_step(model, optimizer, x.to(device, non_blocking=True)) for x, *_ in loader])
    ]


def save_checkpoint(path: str, model, optimizer, epoch: int, generator) -> None:
    state: dict[str, Any] = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "epoch": epoch,
        "generator": generator.get_state(),
    }
    folder = os.path.dirname(os.path.abspath(path))
    descriptor, name = tempfile.mkstemp(dir=folder, suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def load_checkpoint(path: str, model, optimizer, generator) -> int:
    state = torch.load(path, map_location="cpu", weights_only=True)
    model.load_state_dict(state["model"], strict=True)
    optimizer.load_state_dict(state["optimizer"])
    generator.set_state(state["generator"])
    return state["epoch"]


@torch.no_grad()
def log_reconstructions(writer, model, x, epoch):
    xhat = model(x).clamp(0, 1)
    side = math.isqrt(x.shape[1])
    pairs = torch.stack((x, xhat), dim=1).reshape(-1, 1, side, side)
    writer.add_images("reconstructions", pairs.cpu(), global_step=epoch, dataformats="NCHW")
