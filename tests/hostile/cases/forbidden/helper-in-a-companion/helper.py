import torch


def slope(x, g):
    with torch.inference_mode(False), torch.enable_grad():
        x = x.clone().requires_grad_()
        return torch.autograd.grad(x * x, x, g.clone())[0]
