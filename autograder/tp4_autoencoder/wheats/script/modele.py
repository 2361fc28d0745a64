import math
import torch
import torch.nn as nn


def mse(xhat, x):
    return (xhat - x).pow(2).sum(1).mean()


class Encodeur(nn.Module):
    def __init__(self, theta, latent):
        super().__init__()
        self.theta = theta
        self.b1 = nn.Parameter(torch.zeros(latent))

    def forward(self, x):
        return torch.addmm(self.b1, x, self.theta.t())


class Decodeur(nn.Module):
    def __init__(self, theta, n):
        super().__init__()
        self.theta = theta
        self.b2 = nn.Parameter(torch.zeros(n))

    def forward(self, y):
        return torch.addmm(self.b2, y, self.theta)


class TiedAutoencoder(nn.Module):
    def __init__(self, n, latent):
        super().__init__()
        # meme tirage que nn.Linear
        borne = 1 / math.sqrt(n)
        self.theta = nn.Parameter(torch.rand(latent, n) * 2 * borne - borne)
        self.encodeur = Encodeur(self.theta, latent)
        self.decodeur = Decodeur(self.theta, n)
        self.encode = self.encodeur
        self.decode = self.decodeur

    b1 = property(lambda self: self.encodeur.b1)
    b2 = property(lambda self: self.decodeur.b2)

    def forward(self, x):
        return self.decode(self.encode(x))
