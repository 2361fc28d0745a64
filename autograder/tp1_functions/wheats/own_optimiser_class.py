"""An optimiser class and a model class of one's own, backward by the engine, no_grad as a decorator, global device, plots."""

import typing as t

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch.autograd import Function, gradcheck

device = "cuda:0" if torch.cuda.is_available() else "cpu"
VERBOSE = False


class Context:
    def __init__(self) -> None:
        self._saved = ()

    needs_input_grad = (True,) * 8

    def save_for_backward(self, *args):
        self._saved = args

    @property
    def saved_tensors(self):
        return self._saved


def _save(ctx, **things):
    for name, thing in things.items():
        setattr(ctx, name, thing)


class MSE(Function):
    @staticmethod
    def forward(ctx: t.Any, yhat: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        _save(ctx, yhat=yhat, y=y)
        return torch.linalg.vector_norm(yhat - y) ** 2 / yhat.shape[0]

    @staticmethod
    def backward(ctx, grad_output):
        d = ctx.yhat - ctx.y
        return d * (2 * grad_output / d.shape[0]), d * (-2 * grad_output / d.shape[0])


class Linear(Function):
    @staticmethod
    def forward(ctx, x, w, b):
        _save(ctx, x=x, w=w, b=b)
        return torch.tensordot(x, w, dims=1) + b

    @staticmethod
    def backward(ctx, grad_output):
        dx = torch.einsum("qp,np->qn", grad_output, ctx.w)
        dw = torch.einsum("qn,qp->np", ctx.x, grad_output)
        db = torch.einsum("qp->p", grad_output)
        return dx, dw, db.reshape_as(ctx.b)


mse, linear = MSE.apply, Linear.apply


def grad_mse(yhat, y):
    return 2 * (yhat - y) / yhat.shape[0], 2 * (y - yhat) / yhat.shape[0]


def grad_linear(x, w, b, grad_output):
    return (
        torch.einsum("qp,np->qn", grad_output, w),
        torch.einsum("qn,qp->np", x, grad_output),
        torch.einsum("qp->p", grad_output),
    )


def grad_cost(x, w, b, y):
    dyhat, _ = grad_mse(torch.einsum("qn,np->qp", x, w) + b, y)
    return grad_linear(x, w, b, dyhat)[1:]


def check_mine(mse, linear):
    try:
        a = gradcheck(mse, (torch.randn(10, 5).double().requires_grad_(), torch.randn(10, 5).double().requires_grad_()))
        c = gradcheck(
            linear,
            (
                torch.randn(13, 5).double().requires_grad_(),
                torch.randn(5, 7).double().requires_grad_(),
                torch.randn(7).double().requires_grad_(),
            ),
        )
    except Exception as e:
        print("gradcheck :", e)
        return False
    return bool(a and c)


class Model:
    def __init__(self, n, p, like, w=None, b=None):
        self.w = (torch.zeros(n, p) if w is None else w.detach().clone()).to(like).requires_grad_()
        self.b = (torch.zeros(p) if b is None else b.detach().clone()).to(like).requires_grad_()

    def __call__(self, x):
        return linear(x, self.w, self.b)

    @property
    def parameters(self):
        return [self.w, self.b]

    @torch.no_grad()
    def loss(self, x, y):
        return mse(self(x), y).item()


class SGD:
    def __init__(self, parameters, lr):
        self.parameters = list(parameters)
        self.lr = lr

    def zero_grad(self):
        for p in self.parameters:
            if p.grad is not None:
                p.grad.detach_()
                p.grad.zero_()

    @torch.no_grad()
    def step(self):
        for p in self.parameters:
            p.sub_(p.grad, alpha=self.lr)


def train_batch(x, y, lr, epochs, w=None, b=None, *, x_test=None, y_test=None, writer=None):
    model = Model(x.shape[1], y.shape[1], x, w, b)
    optim = SGD(model.parameters, lr)
    losses = []
    for epoch in range(epochs):
        optim.zero_grad()
        loss = mse(model(x), y)
        losses.append(loss)
        if writer is not None:
            writer.add_scalar("Loss/train", loss.item(), epoch)
        if writer is not None and x_test is not None:
            writer.add_scalar("Loss/test", model.loss(x_test, y_test), epoch)
        loss.backward()
        optim.step()
        if VERBOSE:
            print(f"{epoch=} {loss=}")
    return model.w.detach(), model.b.detach(), [loss.item() for loss in losses]


def max_learning_rate(x):
    a = np.concatenate([x.detach().cpu().numpy(), np.ones((len(x), 1), dtype=np.float64)], axis=1).astype(np.float64)
    return float(2 / np.linalg.eigvalsh(2 / len(a) * a.T @ a).max())


def _train(x, y, lr, epochs, batch_size, w, b, generator):
    model = Model(x.shape[1], y.shape[1], x, w, b)
    optim = SGD(model.parameters, lr)
    losses = []
    for _ in range(epochs):
        losses.append(model.loss(x, y))
        indices = torch.randperm(x.shape[0], generator=generator)
        n_batches = int(np.ceil(len(indices) / batch_size))
        for k in range(n_batches):
            rows = indices[k * batch_size : min((k + 1) * batch_size, len(indices))]
            optim.zero_grad()
            mse(model(x[rows]), y[rows]).backward()
            optim.step()
    return model.w.detach(), model.b.detach(), losses


def train_sgd(x, y, lr, epochs, w=None, b=None, *, generator=None):
    return _train(x, y, lr, epochs, 1, w, b, generator)


def train_minibatch(x, y, lr, epochs, batch_size, w=None, b=None, *, generator=None):
    return _train(x, y, lr, epochs, batch_size, w, b, generator)


x_toy = torch.randn(50, 13).to(device)
y_toy = torch.randn(50, 3).to(device)
fig, ax = plt.subplots()
for name, (_, _, hist) in {
    "batch": train_batch(x_toy, y_toy, 0.05, 100),
    "mini-batch": train_minibatch(x_toy, y_toy, 0.01, 20, 10),
}.items():
    ax.semilogy(hist, label=name)
ax.legend()
plt.savefig("courbes.png")
plt.show()
