"""backward lets PyTorch differentiate."""

# loses: byhand.dx, byhand.dy
# mistake: autograd, ruled out

def backward(x, y):
    x = torch.tensor(float(x), dtype=torch.float64, requires_grad=True)
    y = torch.tensor(float(y), dtype=torch.float64, requires_grad=True)
    ((x + y) * y).backward()
    return x.grad.item(), y.grad.item()
