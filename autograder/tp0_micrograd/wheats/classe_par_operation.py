"""One class for each operation, each with a method derivees; names in French, backward sorted by Kahn with a deque."""

import math
from collections import deque

import torch


def separable(points, etiquettes):
    signes = [1 if e == 1 else -1 for e in etiquettes]
    poids = [0.0, 0.0, 0.0]
    for _tour in range(5000):
        erreurs = 0
        for (a, b), s in zip(points, signes):
            if s * (poids[0] * a + poids[1] * b + poids[2]) <= 0:
                poids = [poids[0] + s * a, poids[1] + s * b, poids[2] + s]
                erreurs += 1
        if erreurs == 0:
            return True
    return False


def forward(x, y):
    somme = x + y
    produit = somme * y
    return [somme, produit]


def backward(x, y):
    somme, _ = forward(x, y)
    return [y, somme + y]


class Value:
    def __init__(self, data, _children=()):
        self.data = data
        self.grad = 0.0
        self._prev = list(_children)

    def derivees(self):
        return []

    def _backward(self):
        for parent, derivee in zip(self._prev, self.derivees()):
            parent.grad += derivee * self.grad

    def __repr__(self):
        return "Value(data={:.3f}, grad={:.3f})".format(self.data, self.grad)

    def __add__(self, autre):
        return Somme(self, autre)

    def __radd__(self, autre):
        return Somme(autre, self)

    def __sub__(self, autre):
        return Difference(self, autre)

    def __rsub__(self, autre):
        return Difference(autre, self)

    def __mul__(self, autre):
        return Produit(self, autre)

    def __rmul__(self, autre):
        return Produit(autre, self)

    def __truediv__(self, autre):
        return Quotient(self, autre)

    def __rtruediv__(self, autre):
        return Quotient(autre, self)

    def __neg__(self):
        return Oppose(self)

    def __pow__(self, exposant):
        return Puissance(self, exposant)

    def exp(self):
        return Exponentielle(self)

    def tanh(self):
        return TangenteHyperbolique(self)

    def relu(self):
        return Relu(self)

    def _ancetres(self):
        vus, pile = {id(self): self}, [self]
        while pile:
            for parent in pile.pop()._prev:
                if id(parent) not in vus:
                    vus[id(parent)] = parent
                    pile.append(parent)
        return list(vus.values())

    def backward(self):
        noeuds = self._ancetres()
        attendus = dict.fromkeys(map(id, noeuds), 0)
        for noeud in noeuds:
            for parent in noeud._prev:
                attendus[id(parent)] += 1
        self.grad = 1.0
        file = deque([self])
        while file:
            noeud = file.popleft()
            noeud._backward()
            for parent in noeud._prev:
                attendus[id(parent)] -= 1
                if attendus[id(parent)] == 0:
                    file.append(parent)


class Operation(Value):
    def __init__(self, *operandes):
        noeuds = [o if isinstance(o, Value) else Value(o) for o in operandes]
        super().__init__(self.calcule(*(n.data for n in noeuds)), noeuds)


class Somme(Operation):
    def calcule(self, a, b):
        return a + b

    def derivees(self):
        return [1.0, 1.0]


class Difference(Operation):
    def calcule(self, a, b):
        return a - b

    def derivees(self):
        return [1.0, -1.0]


class Produit(Operation):
    def calcule(self, a, b):
        return a * b

    def derivees(self):
        a, b = self._prev
        return [b.data, a.data]


class Quotient(Operation):
    def calcule(self, a, b):
        return a / b

    def derivees(self):
        a, b = self._prev
        return [1 / b.data, -a.data / (b.data * b.data)]


class Oppose(Operation):
    def calcule(self, a):
        return -a

    def derivees(self):
        return [-1.0]


class Puissance(Value):
    def __init__(self, base, exposant):
        super().__init__(base.data**exposant, [base])
        self.exposant = exposant

    def derivees(self):
        return [self.exposant * self._prev[0].data ** (self.exposant - 1)]


class Exponentielle(Operation):
    def calcule(self, a):
        return math.exp(a)

    def derivees(self):
        return [self.data]


class TangenteHyperbolique(Operation):
    def calcule(self, a):
        return (math.exp(a) - math.exp(-a)) / (math.exp(a) + math.exp(-a))

    def derivees(self):
        return [1 - self.data**2]


class Relu(Operation):
    def calcule(self, a):
        return a if a > 0 else 0.0

    def derivees(self):
        return [1.0 if self._prev[0].data > 0 else 0.0]


def reseau(poids, x1, x2):
    sortie = poids[16]
    for j in range(4):
        w1, w2, biais = poids[3 * j : 3 * j + 3]
        sortie += poids[12 + j] * (w1 * x1 + w2 * x2 + biais).tanh()
    return sortie


def train_xor(depart, pas, epoques):
    poids = [Value(p) for p in depart]
    historique = []
    for _ in range(epoques):
        for p in poids:
            p.grad = 0.0
        cout = 0
        for x1, x2, cible in [(-1, -1, -1), (-1, 1, 1), (1, -1, 1), (1, 1, -1)]:
            cout += (reseau(poids, x1, x2) - cible) ** 2
        cout = cout / 4
        cout.backward()
        historique.append(cout.data)
        for p in poids:
            p.data = p.data - pas * p.grad
    return [p.data for p in poids], historique


def torch_same(x, y):
    x = torch.tensor([float(x)], requires_grad=True)
    y = torch.tensor([float(y)], requires_grad=True)
    f = torch.tanh((x + y) * y) + x**2
    f.backward()
    return f.item(), x.grad.item(), y.grad.item()
