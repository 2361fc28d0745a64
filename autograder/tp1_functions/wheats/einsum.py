"""einsum, keepdim, attributes on ctx, helpers that the Functions share; the bias is a row."""

import torch
import torch.autograd as ag


class Context:
    saved_tensors = ()
    needs_input_grad = (True,) * 8

    def save_for_backward(self, *ts):
        self.saved_tensors = ts

    def __repr__(self):
        return f"<{len(self.saved_tensors)} tensors>"


def _residual_gradient(yhat, y, scale=1.0):
    """d/dyhat of scale * (1/q) ||yhat - y||^2."""
    q = torch.tensor(yhat.shape[0])
    return (yhat - y).mul(2 / q).mul(scale)


def grad_mse(yhat, y):
    g = _residual_gradient(yhat, y)
    return g, -1 * g


def grad_linear(x, w, b, grad_output):
    return (
        torch.einsum("qp,np->qn", grad_output, w),
        torch.einsum("qn,qp->np", x, grad_output),
        torch.einsum("qp->p", grad_output),
    )


def grad_cost(x, w, b, y):
    g = _residual_gradient(torch.einsum("qn,np->qp", x, w) + b, y)
    return grad_linear(x, w, b, g)[1:3]


class MSE(ag.Function):
    @staticmethod
    def forward(ctx, *args):
        ctx.pair = args
        difference = args[0] - args[1]
        return torch.einsum("qp,qp->", difference, difference) / difference.shape[0]

    @staticmethod
    def backward(ctx, *grad_outputs):
        g = _residual_gradient(*ctx.pair, grad_outputs[0])
        return g, -g


class Linear(ag.Function):
    @staticmethod
    def forward(ctx, x, w, b):
        ctx.x, ctx.w, ctx.row = x, w, b.dim() == 2
        return torch.einsum("qn,np->qp", x, w) + b

    @staticmethod
    def backward(ctx, g):
        dx, dw = torch.einsum("qp,np->qn", g, ctx.w), torch.einsum("qn,qp->np", ctx.x, g)
        return dx, dw, g.sum(0, keepdim=ctx.row)


def mse(yhat, y):
    return MSE.apply(yhat, y)


def linear(x, w, b):
    return Linear.apply(x, w, b)


def check_mine(mse, linear):
    def draw(*shape):
        return torch.randn(shape, dtype=torch.float64).requires_grad_(True)

    try:
        return ag.gradcheck(mse, [draw(8, 3), draw(8, 3)]) and ag.gradcheck(linear, [draw(8, 4), draw(4, 3), draw(1, 3)])
    except ag.gradcheck.GradcheckError:
        return False


class Descent:
    """One object that descends on whatever rows it is given."""

    def __init__(self, x, y, lr, w, b):
        self.lr = lr
        self.w = torch.zeros(x.shape[1], y.shape[1]).to(x) if w is None else w
        self.b = torch.zeros(1, y.shape[1]).to(x) if b is None else b.reshape(1, -1)

    def step(self, x, y):
        linear_ctx, mse_ctx = Context(), Context()
        loss = MSE.forward(mse_ctx, Linear.forward(linear_ctx, x, self.w, self.b), y)
        _, dw, db = Linear.backward(linear_ctx, MSE.backward(mse_ctx, torch.ones(()))[0])
        self.w, self.b = self.w - self.lr * dw, self.b - self.lr * db
        return float(loss)

    def loss(self, x, y):
        return mse(linear(x, self.w, self.b), y).item()


def train_batch(x, y, lr, epochs, w=None, b=None, *, x_test=None, y_test=None, writer=None):
    descent = Descent(x, y, lr, w, b)
    history = []
    for epoch in range(epochs):
        history += [descent.step(x, y)]
        if writer is not None:
            writer.add_scalar("Loss/train", descent.loss(x, y), global_step=epoch)
            if x_test is not None and y_test is not None:
                writer.add_scalar("Loss/test", descent.loss(x_test, y_test), global_step=epoch)
    return descent.w, descent.b, tuple(history)


def _train(x, y, lr, epochs, size, w, b, generator):
    descent = Descent(x, y, lr, w, b)
    history = torch.zeros(epochs)
    for epoch in range(epochs):
        history[epoch] = descent.loss(x, y)
        for chosen in torch.utils.data.BatchSampler(
            torch.utils.data.RandomSampler(range(len(x)), generator=generator), size, drop_last=False
        ):
            descent.step(x[chosen], y[chosen])
    return descent.w, descent.b, history


def train_sgd(x, y, lr, epochs, w=None, b=None, **options):
    return _train(x, y, lr, epochs, 1, w, b, options.get("generator"))


def train_minibatch(x, y, lr, epochs, batch_size, w=None, b=None, **options):
    return _train(x, y, lr, epochs, batch_size, w, b, options.get("generator"))


def max_learning_rate(x):
    n = x.shape[1] + 1
    h = torch.empty(n, n, dtype=x.dtype)
    h[:-1, :-1], h[-1, :-1], h[:-1, -1], h[-1, -1] = x.T @ x, x.sum(0), x.sum(0), len(x)
    return float(2 / (2 / len(x) * h).eigenvalues().max()) if hasattr(h, "eigenvalues") else float(
        len(x) / torch.linalg.eigvals(h).real.max()
    )
