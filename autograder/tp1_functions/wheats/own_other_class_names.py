"""Classes under names of one's own, the asked names as aliases; double precision by default; in-place steps under no_grad."""

import torch

torch.set_default_dtype(torch.float64)
torch.manual_seed(1)


class Context:
    def __init__(self):
        self.saved_tensors, self.needs_input_grad = (), (True, True, True)

    def save_for_backward(self, *args):
        self.saved_tensors = args


class FonctionMSE(torch.autograd.Function):
    """Moyenne sur le batch du carré de la norme."""

    @staticmethod
    def forward(ctx, yhat, y):
        ctx.save_for_backward(yhat, y)
        ctx.q = yhat.shape[0]
        return torch.sum((yhat - y) ** 2) / ctx.q

    @staticmethod
    def backward(ctx, grad_output):
        yhat, y = ctx.saved_tensors
        g = 2 * grad_output * (yhat - y) / ctx.q
        return g, -g


class FonctionLineaire(torch.autograd.Function):
    @staticmethod
    def forward(ctx, X, W, b):
        ctx.save_for_backward(X, W, b)
        return torch.mm(X, W) + b

    @staticmethod
    def backward(ctx, grad_output):
        X, W, b = ctx.saved_tensors
        ones = grad_output.new_ones(1, grad_output.shape[0])
        return grad_output @ W.T, X.T @ grad_output, (ones @ grad_output).reshape(b.shape)


MSE, Linear = FonctionMSE, FonctionLineaire


def mse(yhat, y):
    return FonctionMSE.apply(yhat, y)


def linear(X, W, b):
    return FonctionLineaire.apply(X, W, b)


def grad_mse(yhat, y):
    q = torch.tensor(float(len(yhat)))
    d = (2 / q) * (yhat - y)
    return [d, -d]


def grad_linear(x, w, b, grad_output):
    return [grad_output @ w.T, x.T @ grad_output, torch.sum(grad_output, 0)]


def grad_cost(x, w, b, y):
    residu = x @ w + b - y
    return 2 / len(x) * x.T @ residu, 2 / len(x) * residu.sum(axis=0)


def check_mine(mse, linear):
    yhat = torch.randn(10, 5, requires_grad=True)
    y = torch.randn(10, 5, requires_grad=True)
    x = torch.randn(13, 5, requires_grad=True)
    w = torch.randn(5, 7, requires_grad=True)
    b = torch.randn(7, requires_grad=True)
    return torch.autograd.gradcheck(mse, (yhat, y)) and torch.autograd.gradcheck(linear, (x, w, b))


def start(x, y, w, b):
    with torch.no_grad():
        w = torch.zeros(x.shape[1], y.shape[1], dtype=x.dtype) if w is None else torch.clone(w)
        b = torch.zeros(y.shape[1], dtype=x.dtype) if b is None else torch.clone(b)
    w.requires_grad, b.requires_grad = True, True
    return w, b


def step(x, y, w, b, lr):
    loss = mse(linear(x, w, b), y)
    loss.backward()
    with torch.no_grad():
        w -= lr * w.grad
        b -= lr * b.grad
    w.grad = b.grad = None
    return float(loss)


def train_batch(x, y, lr, epochs, w=None, b=None, *, x_test=None, y_test=None, writer=None):
    w, b = start(x, y, w, b)
    history = []
    for n_iter in range(epochs):
        test = None
        if x_test is not None:
            with torch.no_grad():
                test = mse(linear(x_test, w, b), y_test)
        history += [step(x, y, w, b, lr)]
        if writer:
            writer.add_scalar("Loss/train", history[-1], n_iter)
            if test is not None:
                writer.add_scalar("Loss/test", test, n_iter)
    return w, b, history


def max_learning_rate(x):
    x1 = torch.column_stack([x, torch.ones(len(x), dtype=x.dtype)])
    H = 2 / len(x) * x1.T @ x1
    valeurs, _ = torch.linalg.eigh(H)
    return 2 / valeurs[-1]


def train_sgd(x, y, lr, epochs, w=None, b=None, *, generator=None):
    w, b = start(x, y, w, b)
    history = []
    for _ in range(epochs):
        history += [mse(linear(x, w, b), y).item()]
        for i in torch.randperm(len(x), generator=generator):
            step(x[i].unsqueeze(0), y[i].unsqueeze(0), w, b, lr)
    return w, b, history


def train_minibatch(x, y, lr, epochs, batch_size, w=None, b=None, *, generator=None):
    w, b = start(x, y, w, b)
    history = []
    for _ in range(epochs):
        history += [mse(linear(x, w, b), y).item()]
        perm = torch.randperm(len(x), generator=generator)
        x_, y_ = x[perm], y[perm]
        for xb, yb in zip(torch.split(x_, batch_size), torch.split(y_, batch_size)):
            step(xb, yb, w, b, lr)
    return w, b, history
