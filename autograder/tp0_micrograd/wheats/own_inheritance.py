"""A class for each operation (Somme, Produit, ...) that inherits from Value, a visitor by generators, numpy scalars, prints."""

import numpy as np
import torch

global_trace = []


def separable(points, labels):
    X = np.hstack([np.asarray(points, dtype=np.float64).reshape(-1, 2), np.ones((len(points), 1))])
    s = np.where(np.asarray(labels) > 0, 1.0, -1.0)
    w = np.zeros(3)
    for _ in range(5000):
        faux = np.flatnonzero(s * (X @ w) <= 0)
        if faux.size == 0:
            return True
        w += s[faux[0]] * X[faux[0]]
    return False


def forward(x, y):
    a = np.add(x, y)
    b = np.multiply(a, y)
    return a.item(), b.item()


def backward(x, y):
    a, b = forward(x, y)
    db = 1.0
    # noeud *
    da = db * y
    dy = db * a
    # noeud +
    dx = da * 1.0
    dy = dy + da * 1.0
    return (dx, dy)


class Value:
    def __init__(self, data, _children=()):
        self.data = data
        self.grad = 0.0
        self._prev = tuple(_children)

    def _backward(self):
        """Une feuille n'a rien à envoyer."""

    def __repr__(self):
        return f"Value(data={self.data:.3f}, grad={self.grad:.3f})"

    def __add__(self, o): return Somme(self, valeur(o))
    def __radd__(self, o): return Somme(valeur(o), self)
    def __mul__(self, o): return Produit(self, valeur(o))
    def __rmul__(self, o): return Produit(valeur(o), self)
    def __pow__(self, k): return Puissance(self, k)
    def __neg__(self): return Produit(self, Value(-1.0))
    def __sub__(self, o): return Somme(self, -valeur(o))
    def __rsub__(self, o): return Somme(valeur(o), -self)
    def __truediv__(self, o): return Produit(self, Puissance(valeur(o), -1))
    def __rtruediv__(self, o): return Produit(valeur(o), Puissance(self, -1))
    def exp(self): return Fonction(self, np.exp, lambda x, y: y)
    def tanh(self): return Fonction(self, np.tanh, lambda x, y: 1 - y**2)
    def relu(self): return Fonction(self, lambda x: np.maximum(x, 0.0), lambda x, y: np.heaviside(x, 0.0))

    def backward(self):
        ordre = parcours(self)
        self.grad = 1.0
        while ordre:
            ordre.pop()._backward()


def valeur(o):
    if isinstance(o, Value):
        return o
    return Value(o)


class Somme(Value):
    def __init__(self, a, b):
        super().__init__(a.data + b.data, (a, b))

    def _backward(self):
        for v in self._prev:
            v.grad += self.grad


class Produit(Value):
    def __init__(self, a, b):
        super().__init__(a.data * b.data, (a, b))

    def _backward(self):
        a, b = self._prev
        a.grad, = (a.grad + b.data * self.grad,)
        b.grad += a.data * self.grad


class Puissance(Value):
    def __init__(self, a, k):
        self.k = k
        super().__init__(a.data**k, (a,))

    def _backward(self):
        (a,) = self._prev
        a.grad += self.k * a.data ** (self.k - 1) * self.grad


class Fonction(Value):
    def __init__(self, a, f, derivee):
        super().__init__(float(f(a.data)), (a,))
        self.derivee = derivee

    def _backward(self):
        (a,) = self._prev
        a.grad += float(self.derivee(a.data, self.data)) * self.grad


def parcours(racine):
    """Profondeur d'abord, sans récursion : une pile de générateurs."""
    vus, ordre = set(), []

    def enfants(noeud):
        yield from noeud._prev

    vus.add(id(racine))
    pile = [(racine, enfants(racine))]
    while pile:
        noeud, reste = pile[-1]
        suivant = next((e for e in reste if id(e) not in vus), None)
        if suivant is None:
            ordre.append(noeud)
            pile.pop()
        else:
            vus.add(id(suivant))
            pile.append((suivant, enfants(suivant)))
    return ordre


X1, X2 = np.meshgrid([-1.0, 1.0], [-1.0, 1.0], indexing="ij")
Y = -X1 * X2


def train_xor(start, lr, epochs):
    global global_trace
    p = [Value(float(s)) for s in start]
    historique = []
    for epoque in range(epochs):
        for v in p:
            v.grad = 0.0
        cout = 0
        for x1, x2, y in zip(X1.ravel().tolist(), X2.ravel().tolist(), Y.ravel().tolist()):
            h = [(p[3 * j] * x1 + p[3 * j + 1] * x2 + p[3 * j + 2]).tanh() for j in range(4)]
            sortie = p[12] * h[0] + p[13] * h[1] + p[14] * h[2] + p[15] * h[3] + p[16]
            cout += (sortie - y) ** 2
        cout = cout / 4
        cout.backward()
        historique.append(cout.data)
        for v in p:
            v.data -= lr * v.grad
        if epoque % 100 == 0:
            print("époque", epoque, "coût", cout)
    global_trace = historique
    return [v.data for v in p], historique


def torch_same(x, y):
    X = torch.tensor([x], dtype=torch.float64, requires_grad=True)
    Y = torch.tensor([y], dtype=torch.float64, requires_grad=True)
    F = torch.tanh((X + Y) * Y) + X**2
    F.sum().backward()
    return F.item(), X.grad.item(), Y.grad.item()


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    poids, h = train_xor(rng.uniform(-1, 1, 17), 0.2, 200)
    print(h[0], "->", h[-1])
