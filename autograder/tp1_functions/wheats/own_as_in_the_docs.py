"""As in PyTorch's tutorial on new autograd functions: an optional bias, needs_input_grad, custom_fwd, jvp, materialised grads off."""

import numpy as np
import torch
import torch.nn.functional as F
from torch.autograd import Function

torch.use_deterministic_algorithms(True)
torch.set_printoptions(precision=3)
np.random.seed(0)
rng = np.random.default_rng(0)


class Context:
    """Stand for the context that PyTorch hands to forward and backward."""

    def __init__(self):
        self.saved_tensors = ()
        self.needs_input_grad = (True,) * 8

    def save_for_backward(self, *tensors):
        self.saved_tensors = tensors

    def mark_non_differentiable(self, *tensors):
        pass

    mark_dirty = set_materialize_grads = mark_non_differentiable


class LinearFunction(Function):
    @staticmethod
    @torch.amp.custom_fwd(device_type="cuda")
    def forward(ctx, input, weight, bias=None):
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(input, weight, bias)
        output = input.mm(weight)
        if bias is not None:
            output += bias.expand_as(output) if bias.dim() == 2 else bias.unsqueeze(0).expand_as(output)
        return output

    @staticmethod
    @torch.amp.custom_bwd(device_type="cuda")
    def backward(ctx, grad_output):
        if grad_output is None:
            return None, None, None
        input, weight, bias = ctx.saved_tensors
        grad_input = grad_weight = grad_bias = None
        if ctx.needs_input_grad[0]:
            grad_input = grad_output.mm(weight.t())
        if ctx.needs_input_grad[1]:
            grad_weight = input.t().mm(grad_output)
        if bias is not None and ctx.needs_input_grad[2]:
            grad_bias = grad_output.sum(0).reshape(bias.shape)
        return grad_input, grad_weight, grad_bias


class MSEFunction(Function):
    @staticmethod
    def forward(ctx, input, target, reduction="batchmean"):
        ctx.save_for_backward(input, target)
        ctx.reduction = reduction
        loss = torch.sum(torch.pow(input - target, 2))
        match reduction:
            case "batchmean":
                return loss / input.size(0)
            case "sum":
                return loss
            case _:
                raise ValueError(reduction)

    @staticmethod
    def backward(ctx, grad_output):
        input, target = ctx.saved_tensors
        grad = 2.0 * (input - target) * grad_output
        if ctx.reduction == "batchmean":
            grad = grad / input.size(0)
        return grad, grad.neg(), None


Linear = LinearFunction
MSE = MSEFunction
linear = LinearFunction.apply
mse = MSEFunction.apply


def grad_mse(yhat, y):
    grad = torch.zeros_like(yhat)
    grad += yhat
    grad -= y
    grad *= 2
    grad /= y.size(0)
    return grad, torch.neg(grad)


def grad_linear(x, w, b, grad_output):
    return grad_output.mm(w.t()), x.t().mm(grad_output), grad_output.sum(0).view(b.size())


def grad_cost(x, w, b, y):
    yhat = torch.addmm(b, x, w)
    _, dw, db = grad_linear(x, w, b, grad_mse(yhat, y)[0])
    return dw, db


def check_mine(mse, linear):
    input = (torch.randn(10, 5, dtype=torch.double, requires_grad=True), torch.randn(10, 5, dtype=torch.double, requires_grad=True))
    test = torch.autograd.gradcheck(mse, input, eps=1e-6, atol=1e-4)
    input = tuple(torch.randn(*s, dtype=torch.double, requires_grad=True) for s in [(13, 5), (5, 7), (7,)])
    return test and torch.autograd.gradcheck(linear, input, eps=1e-6, atol=1e-4)


class History(list):
    def log(self, writer, tag, value, step):
        if tag.endswith("train"):
            self.append(float(value))
        if writer:
            writer.add_scalar(tag, float(value), step)


def _leaf(t):
    return torch.nn.Parameter(t.detach().clone())


def _prepare(x, y, w, b):
    w = torch.zeros(x.size(1), y.size(1)).type_as(x) if w is None else w
    b = torch.zeros(y.size(1)).type_as(x) if b is None else b
    return _leaf(w), _leaf(b)


def _update(params, lr):
    with torch.no_grad():
        for p in params:
            p.copy_(p - lr * p.grad)
            p.grad = None


def train_batch(x, y, lr, epochs, w=None, b=None, *, x_test=None, y_test=None, writer=None):
    w, b = _prepare(x, y, w, b)
    history = History()
    for epoch in range(epochs):
        loss = mse(linear(x, w, b), y)
        history.log(writer, "Loss/train", loss, epoch)
        if x_test is not None:
            history.log(writer, "Loss/test", mse(linear(x_test, w, b), y_test), epoch)
        loss.backward()
        _update((w, b), lr)
    return w.data, b.data, history


def max_learning_rate(x):
    x1 = F.pad(x, (0, 1), value=1)
    hessian = torch.autograd.functional.hessian(lambda v: ((x1 @ v) ** 2).sum() / len(x), x1.new_zeros(x1.shape[1]))
    return 2.0 / torch.linalg.eigvalsh(hessian).max().item()


def train_sgd(x, y, lr, epochs, w=None, b=None, *, generator=None):
    w, b = _prepare(x, y, w, b)
    history = History()
    for epoch in range(epochs):
        history.append(mse(linear(x, w, b), y).item())
        for i in torch.randperm(len(x), generator=generator).numpy():
            mse(linear(x[i : i + 1], w, b), y[i : i + 1]).backward()
            _update((w, b), lr)
    return w.data, b.data, history


def train_minibatch(x, y, lr, epochs, batch_size, w=None, b=None, *, generator=None):
    w, b = _prepare(x, y, w, b)
    history = History()
    sampler = torch.utils.data.RandomSampler(range(len(x)), generator=generator)
    batches = torch.utils.data.BatchSampler(sampler, batch_size, drop_last=False)
    for epoch in range(epochs):
        history.append(mse(linear(x, w, b), y).item())
        for rows in batches:
            mse(linear(x[rows], w, b), y[rows]).backward()
            _update((w, b), lr)
    return w.data, b.data, history
