"""Lab 4, Daniel Kim. Column vectors inside, a dataclass for checkpoints, everything in one file."""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from torch.utils.tensorboard import SummaryWriter


class TiedAutoencoder(nn.Module):
    def __init__(self, size: int, code_size: int):
        super().__init__()
        self.register_parameter("theta", nn.Parameter(nn.init.kaiming_uniform_(torch.empty(code_size, size), a=5**0.5)))
        self.register_parameter("b1", nn.Parameter(torch.zeros(code_size)))
        self.register_parameter("b2", nn.Parameter(torch.zeros(size)))

    def encode(self, images: Tensor) -> Tensor:
        return torch.einsum("kn,qn->qk", self.theta, images) + self.b1

    def decode(self, codes: Tensor) -> Tensor:
        return nn.functional.linear(codes, self.theta.mT, self.b2)

    def forward(self, images: Tensor) -> Tensor:
        return self.decode(self.encode(images))


def grad_autoencoder(x, theta, b1, b2):
    """All sums are over e, the examples."""
    codes = torch.einsum("kn,en->ek", theta, x) + b1
    errors = torch.einsum("kn,ek->en", theta, codes) + b2 - x
    pulled = torch.einsum("kn,en->ek", theta, errors)
    scale = 2 / x.shape[0]
    through_decoder = torch.einsum("ek,en->kn", codes, errors)
    through_encoder = torch.einsum("ek,en->kn", pulled, x)
    return scale * (through_decoder + through_encoder), scale * pulled.sum(0), scale * errors.sum(0)


class DigitsDataset(Dataset):
    def __init__(self, images, labels, scale):
        self.images = images
        self.labels = np.asarray(labels.cpu())
        self.scale = scale

    def __len__(self):
        return self.labels.size

    def __getitem__(self, i):
        image = torch.as_tensor(self.images[i])
        return image.flatten().to(torch.float32) * (1 / self.scale), torch.tensor(self.labels[i])


def pick_device():
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    return torch.device(next(name for name, there in available.items() if there))


def fit(model, loader, optimizer, epochs, start=0, device="cpu"):
    def step(images):
        optimizer.zero_grad(set_to_none=True)
        loss = (model(images) - images).square().sum(dim=1).mean()
        loss.backward()
        optimizer.step()
        return loss.detach()

    return [torch.stack([step(images.to(device)) for images, _ in loader]).mean().item() for _ in range(start, epochs)]


@dataclass
class Checkpoint:
    weights: dict
    optimizer: dict
    done: int
    order: Tensor


def save_checkpoint(path, model, optimizer, epoch, generator):
    target = Path(path)
    draft = target.with_name(target.name + ".draft")
    state = Checkpoint(model.state_dict(), optimizer.state_dict(), epoch, generator.get_state())
    torch.save(asdict(state), draft)
    draft.replace(target)


def load_checkpoint(path, model, optimizer, generator):
    state = Checkpoint(**torch.load(path, map_location="cpu", weights_only=True))
    model.load_state_dict(state.weights)
    optimizer.load_state_dict(state.optimizer)
    generator.set_state(state.order)
    return state.done


def log_reconstructions(writer, model, x, epoch):
    with torch.no_grad():
        rows = torch.stack([x, model(x)], dim=1)  # (k, 2, n): each digit beside its reconstruction
    side = int(x.shape[1] ** 0.5)
    sheet = rows.unflatten(2, (side, side)).permute(0, 2, 1, 3).reshape(len(x) * side, 2 * side)
    writer.add_image("digits | reconstructions", sheet.clamp(0, 1)[None], epoch)


if __name__ == "__main__":
    digits = load_digits()
    data = DigitsDataset(torch.tensor(digits.images), torch.tensor(digits.target), 16)
    generator = torch.Generator().manual_seed(0)
    loader = DataLoader(data, batch_size=128, shuffle=True, generator=generator)
    device = pick_device()
    model = TiedAutoencoder(64, 16).to(device)
    adam = torch.optim.Adam(model.parameters(), lr=0.01)
    with SummaryWriter("runs/daniel") as writer:
        for epoch in range(3):
            print(epoch, fit(model, loader, adam, epoch + 1, start=epoch, device=device))
            log_reconstructions(writer, model, next(iter(loader))[0][:8].to(device), epoch)
