"""A class for the network and companions that import each other; the hand-in only puts the pieces together."""

import torch

from reseau import ReLU, Reseau, Sigmoid, Tanh


def collapse(w1, b1, w2, b2):
    return torch.einsum("nh,hp->np", w1, w2), torch.einsum("h,hp->p", b1, w2) + b2


def init_mlp(n, hidden, p, generator):
    draw = lambda rows, columns: torch.randn((rows, columns), generator=generator) * (1 / rows) ** 0.5
    return draw(n, hidden), torch.zeros(hidden), draw(hidden, p), torch.zeros(p)


def predict(params, x, activation):
    return Reseau(params, activation).sorties(x)


def train_mlp(x, y, activation, params, lr, epochs):
    reseau = Reseau(params, activation)
    history = [reseau.pas(x, y, lr) for _ in range(epochs)]
    return (reseau.w1, reseau.b1, reseau.w2, reseau.b2), history


def distinct_units(params, tolerance=1e-4):
    w1, b1, w2, _ = params
    units = list(zip(w1.T.tolist(), b1.tolist(), w2.tolist()))
    flat = [column + [bias] + row for column, bias, row in units]
    groups = []
    for unit in flat:
        for group in groups:
            if max(abs(a - b) for a, b in zip(unit, group)) < tolerance:
                break
        else:
            groups.append(unit)
    return len(groups)


if __name__ == "__main__":
    print(Tanh, ReLU, Sigmoid)
