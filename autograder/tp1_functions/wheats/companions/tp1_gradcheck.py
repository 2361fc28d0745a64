import torch
from tp1 import linear, mse


def check_mine(mse, linear):
    yhat = torch.randn(10, 5, requires_grad=True, dtype=torch.float64)
    y = torch.randn(10, 5, requires_grad=True, dtype=torch.float64)
    x = torch.randn(13, 5, requires_grad=True, dtype=torch.float64)
    w = torch.randn(5, 7, requires_grad=True, dtype=torch.float64)
    b = torch.randn(7, requires_grad=True, dtype=torch.float64)
    return all([torch.autograd.gradcheck(mse, (yhat, y)), torch.autograd.gradcheck(linear, (x, w, b))])


print(check_mine(mse, linear))
