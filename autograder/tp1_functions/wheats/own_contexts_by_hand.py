"""Loops around forward and backward by hand, a Ctx of one's own with slots, all in one class per step; grad_output is a (1, 1)."""

import torch
import torch.autograd as autograd


class Ctx:
    """My own notebook of a node."""

    __slots__ = ("notes", "extra", "needs_input_grad")

    def __init__(self):
        self.notes = []
        self.extra = {}
        self.needs_input_grad = [True] * 8

    def save_for_backward(self, *things):
        self.notes = list(things)

    @property
    def saved_tensors(self):
        return tuple(self.notes)


Context = Ctx


class MSE(autograd.Function):
    @staticmethod
    def forward(c, pred, target):
        c.save_for_backward(pred - target)
        (residual,) = c.saved_tensors if isinstance(c, Ctx) else (pred - target,)
        return torch.einsum("ij,ij->", residual, residual) / residual.shape[0]

    @staticmethod
    def backward(c, upstream):
        (residual,) = c.saved_tensors
        scale = 2.0 * upstream.reshape(()) / residual.shape[0]
        return scale * residual, -scale * residual


class Linear(autograd.Function):
    @staticmethod
    def forward(c, X, W, B):
        c.save_for_backward(X, W, B)
        return torch.addmm(B, X, W)

    @staticmethod
    def backward(c, upstream):
        X, W, B = c.saved_tensors
        dX = dW = dB = None
        if c.needs_input_grad[0]:
            dX = upstream.mm(W.t())
        if c.needs_input_grad[1]:
            dW = X.t().mm(upstream)
        if c.needs_input_grad[2]:
            dB = upstream.sum(0).view_as(B)
        return dX, dW, dB


mse, linear = MSE.apply, Linear.apply


def grad_mse(yhat, y):
    c = Ctx()
    MSE.forward(c, yhat, y)
    return MSE.backward(c, torch.ones((), dtype=yhat.dtype, device=yhat.device))


def grad_linear(x, w, b, grad_output):
    c = Ctx()
    Linear.forward(c, x, w, b)
    return Linear.backward(c, grad_output)


class Pass:
    """One forward and one backward through both nodes."""

    def __init__(self, x, w, b, y):
        self.c_linear, self.c_mse = Ctx(), Ctx()
        self.yhat = Linear.forward(self.c_linear, x, w, b)
        self.cost = MSE.forward(self.c_mse, self.yhat, y)

    def gradients(self):
        first = self.cost.new_ones((1, 1))
        dyhat, _dy = MSE.backward(self.c_mse, first)
        _dx, dw, db = Linear.backward(self.c_linear, dyhat)
        return dw, db


def grad_cost(x, w, b, y):
    return Pass(x, w, b, y).gradients()


def check_mine(mse, linear):
    rnd = lambda *s: torch.rand(*s).double().requires_grad_()
    results = []
    for f, shapes in ((mse, [(10, 5), (10, 5)]), (linear, [(13, 5), (5, 7), (7,)])):
        results.append(autograd.gradcheck(f, [rnd(*s) for s in shapes], eps=1e-6, atol=1e-4, raise_exception=False))
    return all(results)


def _init(x, y, w, b):
    n, p = x.size(1), y.size(1)
    w = w.clone() if w is not None else torch.zeros((n, p)).to(x)
    b = b.clone() if b is not None else torch.zeros(p).to(x)
    return w, b


def _epoch(x, y, w, b, lr, batches):
    for rows in batches:
        dw, db = Pass(x[rows], w, b, y[rows]).gradients()
        w.sub_(lr * dw)
        b.sub_(lr * db)


def train_batch(x, y, lr, epochs, w=None, b=None, *, x_test=None, y_test=None, writer=None):
    w, b = _init(x, y, w, b)
    losses = torch.zeros(epochs, dtype=x.dtype)
    for e in range(epochs):
        p = Pass(x, w, b, y)
        losses[e] = p.cost
        if writer:
            writer.add_scalar("Loss/train", p.cost.item(), e)
            if x_test is not None:
                writer.add_scalar("Loss/test", Pass(x_test, w, b, y_test).cost.item(), e)
        dw, db = p.gradients()
        w -= lr * dw
        b -= lr * db
    return w, b, losses.tolist()


def max_learning_rate(x):
    ones = torch.ones(x.shape[0], 1, dtype=x.dtype, device=x.device)
    design = torch.cat((x, ones), 1)
    s = torch.linalg.svdvals(design)[0]
    return float(x.shape[0] / s**2)


def train_sgd(x, y, lr, epochs, w=None, b=None, *, generator=None):
    w, b = _init(x, y, w, b)
    history = []
    for _ in range(epochs):
        history.append(Pass(x, w, b, y).cost.item())
        order = torch.randperm(len(x), generator=generator).tolist()
        _epoch(x, y, w, b, lr, [slice(i, i + 1) for i in order])
    return w, b, history


def train_minibatch(x, y, lr, epochs, batch_size, w=None, b=None, *, generator=None):
    w, b = _init(x, y, w, b)
    history = []
    for _ in range(epochs):
        history.append(Pass(x, w, b, y).cost.item())
        _epoch(x, y, w, b, lr, torch.randperm(len(x), generator=generator).split(batch_size))
    return w, b, history


torch.manual_seed(0)
X, Y = torch.randn(50, 13), torch.randn(50, 3)
W, B, h = train_batch(X, Y, 0.05, 100)
for n_iter, loss in enumerate(h):
    if n_iter % 10 == 0:
        print(f"Itérations {n_iter}: loss {loss}")
