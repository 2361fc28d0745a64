"""Une classe Entraineur, un gestionnaire de contexte pour le mode, des générateurs de batches, tqdm, match, dataclass, device."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn, optim
from tqdm import tqdm

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")


def train_autograd(x, y, lr, epochs, w=None, b=None):
    w = torch.zeros(x.shape[1], y.shape[1]).to(x) if w is None else w.clone().detach()
    b = torch.zeros(y.shape[1]).to(x) if b is None else b.clone().detach()
    parametres = [w, b]
    for p in parametres:
        p.requires_grad = True
    history = []
    for _ in tqdm(range(epochs), disable=True):
        loss = torch.mean(torch.square(x @ w + b - y))
        loss.backward()
        history.append(loss.detach().item())
        for p in parametres:
            p.data -= lr * p.grad.data
            p.grad.data.zero_()
    return w.data, b.data, history


class Regressor(nn.Module):
    """Des couches linéaires, séparées par des tanh."""

    def __init__(self, sizes: list[int]):
        super(Regressor, self).__init__()
        self.layers = nn.ModuleList()
        for i in range(len(sizes) - 1):
            self.layers.append(nn.Linear(in_features=sizes[i], out_features=sizes[i + 1]))

    def forward(self, x: Tensor) -> Tensor:
        *cachees, derniere = self.layers
        for couche in cachees:
            x = torch.tanh(couche(x))
        return derniere(x)


def make_optimizer(model, name, lr):
    groupes = [{"params": [p]} for p in model.parameters()]
    match name:
        case "sgd":
            return optim.SGD(groupes, lr=lr)
        case "adam":
            return optim.Adam(groupes, lr=lr)
        case autre:
            raise NotImplementedError(autre)


@contextmanager
def en_evaluation(model: nn.Module):
    avant = model.training
    model.eval()
    try:
        with torch.no_grad():
            yield model
    finally:
        model.train(avant)


class Entraineur:
    def __init__(self, model, optimizer, loss_fn):
        self.model, self.optimizer, self.loss_fn = model, optimizer, loss_fn
        self.pas = 0

    def batch(self, x: Tensor, y: Tensor) -> float:
        self.model.zero_grad()
        loss = self.loss_fn(self.model(x), y)
        loss.backward()
        self.optimizer.step()
        self.pas += 1
        return loss.item()

    def epoque(self, loader) -> float:
        pertes = torch.tensor([self.batch(x, y) for x, y in loader], dtype=torch.float64)
        return pertes.mean().item()


def train_optim(model, loader, optimizer, epochs, loss_fn=nn.MSELoss()):
    entraineur = Entraineur(model, optimizer, loss_fn)
    return [entraineur.epoque(loader) for _ in range(epochs)]


def evaluate(model, x, y, loss_fn=nn.MSELoss()):
    with en_evaluation(model):
        return loss_fn(model(x), y).item()


@dataclass
class Ligne:
    batch_size: int
    epoch: int
    loss: float
    updates: int
    seconds: float


def melange(x: Tensor, y: Tensor, taille: int, generateur: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
    ordre = torch.randperm(len(x), generator=generateur)
    for debut in range(0, len(x), taille):
        lignes = ordre[debut : debut + taille]
        yield x[lignes], y[lignes]


def courbe(x, y, taille, epochs, lr, seed) -> Iterator[Ligne]:
    model = Regressor([x.shape[1], 1]).to(x)
    with torch.no_grad():
        for p in model.parameters():
            p.fill_(0)
    entraineur = Entraineur(model, make_optimizer(model, "sgd", lr), nn.MSELoss())
    generateur, duree = torch.Generator().manual_seed(seed), 0.0
    for epoch in range(epochs):
        debut = time.time()
        entraineur.epoque(melange(x, y, taille, generateur))
        duree += max(time.time() - debut, 0.0)
        yield Ligne(taille, epoch + 1, evaluate(model, x, y), entraineur.pas, duree)


def campaign(x, y, batch_sizes, epochs, lr, seed, writer=None):
    table = []
    for taille in batch_sizes:
        for ligne in courbe(x, y, taille, epochs, lr, seed):
            table.append(asdict(ligne))
            if writer:
                writer.add_scalar("Loss_per_epoch/batch_%d" % taille, ligne.loss, global_step=ligne.epoch)
                writer.add_scalar("Loss_per_update/batch_%d" % taille, ligne.loss, global_step=ligne.updates)
    return table
