"""Only one gradient is returned."""

# loses: torch_same

def torch_same(x, y):
    x = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    f = ((x + y) * y).tanh() + x**2
    f.backward()
    return f.item(), x.grad.item()
