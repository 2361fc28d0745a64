"""A script with its class in a companion, that trains and draws at module level."""

import matplotlib.pyplot as plt
import torch
from engine import Value


def separable(points, labels):
    # two convex hulls: a line separates them if no point of one is in the other, and no edges cross
    A = [p for p, t in zip(points, labels) if t == 1]
    B = [p for p, t in zip(points, labels) if t == 0]

    def side(p, q, r):
        return (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])

    def between(p, q, r):
        return min(p[0], q[0]) <= r[0] <= max(p[0], q[0]) and min(p[1], q[1]) <= r[1] <= max(p[1], q[1])

    def meet(p, q, r, s):
        d1, d2, d3, d4 = side(r, s, p), side(r, s, q), side(p, q, r), side(p, q, s)
        if d1 * d2 < 0 and d3 * d4 < 0:
            return True
        touching = ((d1, r, s, p), (d2, r, s, q), (d3, p, q, r), (d4, p, q, s))
        return any(d == 0 and between(u, v, w) for d, u, v, w in touching)

    def inside(r, S):
        for p in S:
            for q in S:
                for t in S:
                    d = side(p, q, r), side(q, t, r), side(t, p, r)
                    if side(p, q, t) != 0 and (all(e >= 0 for e in d) or all(e <= 0 for e in d)):
                        return True
        return False

    if any(inside(b, A) for b in B) or any(inside(a, B) for a in A):
        return False
    return not any(meet(p, q, r, s) for p in A for q in A for r in B for s in B)


def forward(x, y):
    return x + y, (x + y) * y


def backward(x, y):
    return 1.0 * y, 1.0 * (x + y) + 1.0 * y


def hidden(weights, x1, x2):
    return [(weights[3 * j] * x1 + weights[3 * j + 1] * x2 + weights[3 * j + 2]).tanh() for j in range(4)]


def network(weights, x1, x2):
    return sum(w * h for w, h in zip(weights[12:16], hidden(weights, x1, x2))) + weights[16]


class Optimiseur:
    def __init__(self, parametres, pas):
        self.parametres, self.pas = parametres, pas

    def zero_grad(self):
        for p in self.parametres:
            p.grad = 0.0

    def step(self):
        for p in self.parametres:
            p.data = p.data - self.pas * p.grad


POINTS = {(-1, -1): -1, (-1, 1): 1, (1, -1): 1, (1, 1): -1}


def train_xor(start, lr, epochs):
    weights = [Value(w) for w in start]
    optimiseur = Optimiseur(weights, lr)
    history = []
    for epoch in range(epochs):
        losses = [(network(weights, *xy) - label) ** 2 for xy, label in POINTS.items()]
        loss = sum(losses) / len(losses)
        history.append(loss.data)
        optimiseur.zero_grad()
        loss.backward()
        optimiseur.step()
        if epoch % 100 == 0:
            print(f"epoch {epoch}: {loss}")
    return tuple(w.data for w in weights), history


def torch_same(x, y):
    x = torch.tensor(x, requires_grad=True)
    y = torch.tensor(y, requires_grad=True)
    f = torch.tanh((x + y) * y) + torch.square(x)
    f.backward()
    return f, x.grad, y.grad


torch.manual_seed(0)
poids, historique = train_xor((torch.rand(17) * 2 - 1).tolist(), 0.2, 150)
plt.plot(historique)
plt.savefig("xor.png")
plt.show()
print(separable([(0, 0), (0, 1), (1, 0), (1, 1)], [0, 1, 1, 0]))
