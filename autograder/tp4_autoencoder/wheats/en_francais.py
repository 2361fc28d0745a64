"""Noms français, nn.Linear pour l'encodeur seul, produits par matmul, pertes pesées par ligne, with à chaque fichier."""

import os
import tempfile

import torch
import torch.nn as nn


class TiedAutoencoder(nn.Module):
    def __init__(self, entrees, latentes):
        super(TiedAutoencoder, self).__init__()
        self.codeur = nn.Linear(entrees, latentes)
        self.biais_sortie = nn.Parameter(torch.zeros(entrees))
        with torch.no_grad():
            self.codeur.bias.zero_()

    theta = property(lambda self: self.codeur.weight)
    b1 = property(lambda self: self.codeur.bias)
    b2 = property(lambda self: self.biais_sortie)

    def encode(self, x):
        return self.codeur(x)

    def decode(self, code):
        return torch.matmul(code, self.codeur.weight) + self.biais_sortie

    def forward(self, x):
        return self.decode(self.encode(x))


def grad_autoencoder(x, theta, b1, b2):
    nb = x.shape[0]
    code = torch.matmul(x, theta.T) + b1
    ecart = torch.matmul(code, theta) + b2 - x
    d_sortie = ecart.mul(2).div(nb)
    d_code = torch.matmul(d_sortie, theta.T)
    d_theta = torch.matmul(code.T, d_sortie)
    d_theta += torch.matmul(d_code.T, x)
    return d_theta, d_code.sum(dim=0), d_sortie.sum(dim=0)


class DigitsDataset(torch.utils.data.Dataset):
    def __init__(self, images, etiquettes, maximum):
        super().__init__()
        self.images = images
        self.etiquettes = etiquettes
        self.maximum = float(maximum)

    def __len__(self):
        return self.images.shape[0]

    def __getitem__(self, indice):
        image = torch.as_tensor(self.images[indice]).to(torch.float32).flatten()
        return image.div(self.maximum), self.etiquettes[indice]


def pick_device():
    for nom, present in (("cuda", torch.cuda.is_available()), ("mps", torch.backends.mps.is_available())):
        if present:
            return torch.device(nom)
    return torch.device("cpu")


def fit(model, loader, optimizer, epochs, start=0, device="cpu"):
    pertes = []
    epoque = start
    while epoque < epochs:
        somme, lignes = 0.0, 0
        for lot in loader:
            x = lot[0].to(device)
            optimizer.zero_grad()
            cout = (model(x) - x).pow(2).sum(dim=1).mean()
            cout.backward()
            optimizer.step()
            somme += cout.item() * x.shape[0]
            lignes += x.shape[0]
        pertes.append([epoque, somme / lignes])
        epoque += 1
    return pertes


def save_checkpoint(path, model, optimizer, epoch, generator):
    etat = (model.state_dict(), optimizer.state_dict(), generator.get_state(), epoch)
    dossier = os.path.dirname(os.path.abspath(path))
    with tempfile.NamedTemporaryFile(dir=dossier, delete=False) as fichier:
        torch.save(etat, fichier)
    os.replace(fichier.name, path)


def load_checkpoint(path, model, optimizer, generator):
    with open(path, "rb") as fichier:
        poids, optimiseur, hasard, epoch = torch.load(fichier)
    model.load_state_dict(poids)
    optimizer.load_state_dict(optimiseur)
    generator.set_state(hasard)
    return epoch


def log_reconstructions(writer, model, x, epoch):
    cote = int(x.shape[1] ** 0.5)
    with torch.no_grad():
        sorties = model(x)
    for i in range(len(x)):
        paire = torch.stack([x[i], sorties[i]]).reshape(2, 1, cote, cote).clamp(min=0, max=1)
        writer.add_images(f"reconstruction/{i}", paire, epoch)
