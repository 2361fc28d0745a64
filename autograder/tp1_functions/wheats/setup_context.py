"""The style that PyTorch recommends since 2.0: setup_context, needs_input_grad, once_differentiable."""

import torch
from torch.autograd import Function
from torch.autograd.function import once_differentiable
from torch.utils.data import DataLoader, TensorDataset
from tqdm import tqdm, trange


class Context:
    def __init__(self):
        self.needs_input_grad = (True, True, True)

    def save_for_backward(self, *tensors):
        self.saved_tensors = tensors

    def mark_non_differentiable(self, *tensors):
        pass


def grad_mse(yhat: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    ctx = Context()
    MSE.setup_context(ctx, (yhat, y), MSE.forward(yhat, y))
    return MSE.backward(ctx, torch.tensor(1.0, dtype=yhat.dtype))


def grad_linear(x, w, b, grad_output):
    ctx = Context()
    Linear.setup_context(ctx, (x, w, b), None)
    return Linear.backward(ctx, grad_output)


def grad_cost(x, w, b, y):
    return grad_linear(x, w, b, grad_mse(Linear.forward(x, w, b), y)[0])[1:]


class MSE(Function):
    @staticmethod
    def forward(yhat, y):
        return (yhat - y).square().sum().div(len(yhat))

    @staticmethod
    def setup_context(ctx, inputs, output):
        yhat, y = inputs
        ctx.save_for_backward(yhat - y)

    @staticmethod
    @once_differentiable
    def backward(ctx, grad_output):
        (difference,) = ctx.saved_tensors
        two_over_q = torch.tensor(2 / len(difference))  # float32, whatever the inputs are
        gradient = grad_output * two_over_q * difference
        return gradient, gradient.neg()


class Linear(Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(x, w, b):
        return torch.addmm(b, x, w)

    @staticmethod
    def setup_context(ctx, inputs, output):
        x, w, b = inputs
        ctx.save_for_backward(x, w)
        ctx.bias_shape = b.shape

    @staticmethod
    def backward(ctx, grad_output):
        x, w = ctx.saved_tensors
        dx = dw = db = None
        if ctx.needs_input_grad[0]:
            dx = grad_output.mm(w.t())
        if ctx.needs_input_grad[1]:
            dw = x.t().mm(grad_output)
        if ctx.needs_input_grad[2]:
            db = grad_output.sum(dim=0).reshape(ctx.bias_shape)
        return dx, dw, db


mse = MSE.apply
linear = Linear.apply


def check_mine(mse, linear):
    torch.manual_seed(0)
    d = {"dtype": torch.double, "requires_grad": True}
    ok = torch.autograd.gradcheck(mse, (torch.rand(6, 2, **d), torch.rand(6, 2, **d)), eps=1e-6, atol=1e-4)
    ok &= torch.autograd.gradcheck(linear, (torch.rand(6, 3, **d), torch.rand(3, 2, **d), torch.rand(2, **d)))
    return ok


def fit(batches, x, y, lr, epochs, w, b, log=None):
    """Descend through autograd, with my own apply."""
    w = torch.zeros(x.shape[1], y.shape[1], dtype=x.dtype) if w is None else w.clone()
    b = torch.zeros(1, y.shape[1], dtype=x.dtype) if b is None else b.clone()
    w.requires_grad_(), b.requires_grad_()
    history = []
    for epoch in trange(epochs, desc="epochs"):
        losses = []
        for bx, by in batches():
            w.grad = b.grad = None
            loss = mse(linear(bx, w, b), by)
            loss.backward()
            with torch.no_grad():
                w -= lr * w.grad
                b -= lr * b.grad
            losses.append(loss.detach())
        history.append(torch.stack(losses).mean())
        if log is not None:
            log(epoch, history[-1], w, b)
    return w.detach(), b.detach(), history


def train_batch(x, y, lr, epochs, w=None, b=None, *, x_test=None, y_test=None, writer=None):
    def log(epoch, loss, w, b):
        writer.add_scalar("Loss/Train", loss, epoch)
        with torch.no_grad():
            writer.add_scalar("Loss/Test", mse(linear(x_test, w, b), y_test), epoch)

    return fit(lambda: [(x, y)], x, y, lr, epochs, w, b, log if writer is not None else None)


def train_sgd(x, y, lr, epochs, w=None, b=None, *, generator=None):
    loader = DataLoader(TensorDataset(x, y), batch_size=1, shuffle=True, generator=generator)
    return fit(lambda: tqdm(loader), x, y, lr, epochs, w, b)


def train_minibatch(x, y, lr, epochs, batch_size, w=None, b=None, *, generator=None):
    loader = DataLoader(TensorDataset(x, y), batch_size=batch_size, shuffle=True, generator=generator, num_workers=2)
    return fit(lambda: loader, x, y, lr, epochs, w, b)


def max_learning_rate(x):
    x = torch.nn.functional.pad(x, (0, 1), value=1.0)
    return 2 / torch.linalg.svdvals(x)[0] ** 2 * len(x) / 2
