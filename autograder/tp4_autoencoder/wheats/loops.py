"""Python loops wherever there can be some: rows, pixels, parts of the gradient; no torch product of matrices."""

import os
import pickle

import torch
from torch import nn
from torch.utils.data import Dataset


def reconstruction_loss(guess, target):
    return sum(((g - t) ** 2).sum() for g, t in zip(guess, target)) / len(target)


class TiedAutoencoder(nn.Module):
    def __init__(self, n, k):
        super().__init__()
        theta = torch.empty(k, n)
        nn.init.kaiming_uniform_(theta, a=5**0.5)
        self.theta = nn.Parameter(theta)
        self.b1 = nn.Parameter(torch.zeros(k))
        self.b2 = nn.Parameter(torch.zeros(n))

    def encode(self, batch):
        return torch.stack([self.theta @ row + self.b1 for row in batch])

    def decode(self, codes):
        return torch.stack([self.theta.t() @ code + self.b2 for code in codes])

    def forward(self, batch):
        return torch.stack([self.theta.t() @ (self.theta @ row + self.b1) + self.b2 for row in batch])


def grad_autoencoder(x, theta, b1, b2):
    q, n = x.shape
    k = theta.shape[0]
    dtheta, db1, db2 = torch.zeros_like(theta), torch.zeros_like(b1), torch.zeros_like(b2)
    for row in x:
        code = [sum(theta[j, i] * row[i] for i in range(n)) + b1[j] for j in range(k)]
        guess = [sum(theta[j, i] * code[j] for j in range(k)) + b2[i] for i in range(n)]
        back = [2 * (guess[i] - row[i]) / q for i in range(n)]
        for i in range(n):
            db2[i] += back[i]
            for j in range(k):
                dtheta[j, i] += code[j] * back[i]
        for j in range(k):
            down = sum(theta[j, i] * back[i] for i in range(n))
            db1[j] += down
            for i in range(n):
                dtheta[j, i] += down * row[i]
    return [dtheta, db1, db2]


class DigitsDataset(Dataset):
    def __init__(self, images, labels, scale):
        super().__init__()
        self.source = images
        self.names = [label for label in labels]
        self.top = float(scale)

    def __len__(self):
        return self.source.shape[0]

    def __getitem__(self, index):
        pixels = []
        for line in self.source[index]:
            for pixel in line:
                pixels.append(float(pixel) / self.top)
        return torch.tensor(pixels), self.names[index]


def pick_device():
    for kind, there in (("cuda", torch.cuda.is_available()), ("mps", torch.backends.mps.is_available())):
        if there:
            return torch.device(kind)
    return torch.device("cpu")


def fit(net, batches, algorithm, until, start=0, device="cpu"):
    losses = []
    epoch = start
    while epoch < until:
        seen = []
        for pair in batches:
            pixels = pair[0].to(device)
            net.zero_grad()
            cost = ((net(pixels) - pixels) ** 2).sum() / pixels.shape[0]
            cost.backward()
            algorithm.step()
            seen.append(float(cost))
        losses.append(sum(seen) / len(seen))
        epoch += 1
    return losses


def save_checkpoint(path, model, optimizer, epoch, generator):
    numbers = {name: value.tolist() for name, value in model.state_dict().items()}
    content = pickle.dumps((numbers, optimizer.state_dict(), epoch, generator.get_state()))
    with open(path + ".new", "wb") as file:
        file.write(content)
    os.rename(path + ".new", path)


def load_checkpoint(path, model, optimizer, generator):
    with open(path, "rb") as file:
        numbers, optimizer_state, epoch, order = pickle.load(file)
    for name, parameter in model.named_parameters():
        parameter.data = torch.tensor(numbers[name], dtype=parameter.dtype, device=parameter.device)
    optimizer.load_state_dict(optimizer_state)
    generator.set_state(order)
    return epoch


def log_reconstructions(writer, model, x, epoch):
    side = int(x.shape[1] ** 0.5)
    model.eval()
    for number, row in enumerate(x):
        guess = model(row.unsqueeze(0))[0].detach()
        writer.add_image(f"digit {number}/original", row.reshape(1, side, side), epoch)
        writer.add_image(f"digit {number}/reconstruction", guess.reshape(1, side, side).clamp(0, 1), epoch)
    model.train()
