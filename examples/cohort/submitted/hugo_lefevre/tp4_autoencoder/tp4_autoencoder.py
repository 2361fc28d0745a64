# Hugo Lefevre, lab 4
import os
import torch
import torch.nn as nn
from torch.utils.data import Dataset


class TiedAutoencoder(nn.Module):
    def __init__(self, inputs, latent):
        super().__init__()
        self.theta = nn.Parameter(torch.empty(latent, inputs))
        nn.init.kaiming_uniform_(self.theta, a=5 ** 0.5)
        self.theta_t = nn.Parameter(self.theta.t().detach().clone())
        self.b1 = nn.Parameter(torch.zeros(latent))
        self.b2 = nn.Parameter(torch.zeros(inputs))

    def encode(self, x):
        return x @ self.theta.t() + self.b1

    def decode(self, y):
        return y @ self.theta_t.t() + self.b2

    def forward(self, x):
        return self.decode(self.encode(x))


def grad_autoencoder(x, theta, b1, b2):
    y = x @ theta.t() + b1
    xhat = y @ theta + b2
    g = 2 * (xhat - x) / x.shape[0]
    # theta is used in the decoder
    dtheta = y.t() @ g
    return dtheta, (g @ theta.t()).sum(0), g.sum(0)


class DigitsDataset(Dataset):
    def __init__(self, images, labels, scale):
        self.images = images
        self.labels = labels
        self.scale = scale

    def __len__(self):
        return len(self.images)

    def __getitem__(self, i):
        x = self.images[i].flatten().float() / self.scale
        return x, self.labels[i]


def pick_device():
    if torch.cuda.is_available():
        return torch.device("cuda")
    elif torch.backends.mps.is_available():
        return torch.device("mps")
    else:
        return torch.device("cpu")


def fit(model, loader, optimizer, epochs, start=0, device="cpu"):
    losses = []
    for epoch in range(start, epochs):
        somme = 0
        n = 0
        for x, y in loader:
            x = x.to(device)
            optimizer.zero_grad()
            xhat = model(x)
            loss = ((xhat - x) ** 2).sum() / x.shape[0]
            loss.backward()
            optimizer.step()
            somme += loss.item()
            n += 1
        losses.append(somme / n)
    return losses


def save_checkpoint(path, model, optimizer, epoch, generator):
    etat = {"model": model.state_dict(), "optim": optimizer.state_dict(), "epoch": epoch, "gen": generator.get_state()}
    torch.save(etat, path + ".tmp")
    os.replace(path + ".tmp", path)


def load_checkpoint(path, model, optimizer, generator):
    etat = torch.load(path)
    model.load_state_dict(etat["model"])
    optimizer.load_state_dict(etat["optim"])
    generator.set_state(etat["gen"])
    return etat["epoch"]


def log_reconstructions(writer, model, x, epoch):
    c = int(x.shape[1] ** 0.5)
    with torch.no_grad():
        xhat = model(x)
    writer.add_images("original", x.view(-1, 1, c, c), epoch)
    writer.add_images("reconstruction", xhat.view(-1, 1, c, c).clamp(0, 1), epoch)
