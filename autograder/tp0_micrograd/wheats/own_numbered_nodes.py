"""Un compteur global numérote les nœuds : l'ordre inverse des numéros est un ordre topologique. Séparation exacte, en entiers."""

from itertools import combinations, count
from math import exp as exponentielle
from math import tanh as tangente_hyperbolique

import torch

numero = count()


def orientation(a, b, c):
    """Signe de l'aire du triangle abc, en nombres entiers."""
    aire = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
    return (aire > 0) - (aire < 0)


def sur_segment(p, a, b):
    return (
        orientation(a, b, p) == 0
        and min(a[0], b[0]) <= p[0] <= max(a[0], b[0])
        and min(a[1], b[1]) <= p[1] <= max(a[1], b[1])
    )


def se_coupent(a, b, c, d):
    if any((sur_segment(a, c, d), sur_segment(b, c, d), sur_segment(c, a, b), sur_segment(d, a, b))):
        return True
    return orientation(a, b, c) * orientation(a, b, d) < 0 and orientation(c, d, a) * orientation(c, d, b) < 0


def dans_triangle(p, a, b, c):
    if sur_segment(p, a, b) or sur_segment(p, b, c) or sur_segment(p, a, c):
        return True
    o = orientation(a, b, c)
    return o != 0 and orientation(a, b, p) == orientation(b, c, p) == orientation(c, a, p) == o


def separable(points, labels):
    """Les enveloppes convexes ne doivent pas se toucher (théorème de Kirchberger)."""
    uns = [tuple(p) for p, e in zip(points, labels) if e == 1]
    zeros = [tuple(p) for p, e in zip(points, labels) if e == 0]
    if set(uns) & set(zeros):
        return False
    for moi, autre in ((uns, zeros), (zeros, uns)):
        for p in moi:
            if any(sur_segment(p, *s) for s in combinations(autre, 2)):
                return False
            if any(dans_triangle(p, *t) for t in combinations(autre, 3)):
                return False
    return not any(se_coupent(*s, *t) for s in combinations(uns, 2) for t in combinations(zeros, 2))


def forward(x, y):
    a = x + y
    return a, a * y


def backward(x, y):
    a, _ = forward(x, y)
    db = 1.0
    da, dy = db * y, db * a
    dx = da
    dy += da
    return dx, dy


class Value:
    """Un nombre avec sa provenance ; chaque arc porte sa dérivée locale."""

    def __init__(self, data, _children=()):
        self.data = data
        self.grad = 0.0
        self._prev = tuple(_children)
        self._backward = lambda: None
        self._numero = next(numero)

    def __repr__(self):
        return "Value(data=%.3f, grad=%.3f)" % (self.data, self.grad)

    @classmethod
    def _noeud(cls, data, *arcs):
        """arcs : des paires (Value, dérivée locale)."""
        sortie = cls(data, [valeur for valeur, _ in arcs])

        def _backward():
            for valeur, derivee in arcs:
                valeur.grad += derivee * sortie.grad

        sortie._backward = _backward
        return sortie

    @staticmethod
    def _de(nombre):
        return nombre if isinstance(nombre, Value) else Value(nombre)

    def __add__(self, other):
        other = self._de(other)
        return self._noeud(self.data + other.data, (self, 1.0), (other, 1.0))

    def __mul__(self, other):
        other = self._de(other)
        return self._noeud(self.data * other.data, (self, other.data), (other, self.data))

    def __pow__(self, k):
        return self._noeud(self.data**k, (self, k * self.data ** (k - 1)))

    def __truediv__(self, other):
        other = self._de(other)
        q = self.data / other.data
        return self._noeud(q, (self, 1 / other.data), (other, -q / other.data))

    def __sub__(self, other):
        other = self._de(other)
        return self._noeud(self.data - other.data, (self, 1.0), (other, -1.0))

    def __neg__(self):
        return self._noeud(-self.data, (self, -1.0))

    __radd__ = __add__
    __rmul__ = __mul__

    def __rsub__(self, other):
        return self._de(other) - self

    def __rtruediv__(self, other):
        return self._de(other) / self

    def exp(self):
        e = exponentielle(self.data)
        return self._noeud(e, (self, e))

    def tanh(self):
        t = tangente_hyperbolique(self.data)
        return self._noeud(t, (self, 1 - t * t))

    def relu(self):
        return self._noeud(self.data if self.data > 0 else 0.0, (self, float(self.data > 0)))

    def backward(self):
        self.grad = 1.0
        ancetres, a_voir = {self}, [self]
        while a_voir:
            nouveaux = set(a_voir.pop()._prev) - ancetres
            ancetres |= nouveaux
            a_voir.extend(nouveaux)
        for noeud in sorted(ancetres, key=lambda n: n._numero, reverse=True):
            noeud._backward()


def hidden(weights, x1, x2):
    return [(weights[3 * j] * x1 + weights[3 * j + 1] * x2 + weights[3 * j + 2]).tanh() for j in range(4)]


def network(weights, x1, x2):
    return sum(w * h for w, h in zip(weights[12:16], hidden(weights, x1, x2))) + weights[16]


XOR_POINTS = [(-1.0, -1.0), (-1.0, 1.0), (1.0, -1.0), (1.0, 1.0)]
XOR_LABELS = [-1.0, 1.0, 1.0, -1.0]


def train_xor(start, lr, epochs):
    poids = list(start)
    historique = []
    for _ in range(epochs):
        feuilles = [Value(p) for p in poids]  # de nouvelles feuilles : leurs gradients sont nuls
        cout = sum((network(feuilles, *point) - cible) ** 2 for point, cible in zip(XOR_POINTS, XOR_LABELS)) / 4
        historique.append(cout.data)
        cout.backward()
        poids = [f.data - lr * f.grad for f in feuilles]
    return poids, historique


def torch_same(x, y):
    x, y = (torch.tensor(float(v), dtype=torch.double, requires_grad=True) for v in (x, y))
    f = torch.tanh((x + y) * y) + x**2
    df = torch.autograd.grad(f, (x, y))
    return f.item(), df[0].item(), df[1].item()
