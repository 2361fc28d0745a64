"""The expression lacks its square."""

# loses: torch_same

def torch_same(x, y):
    x = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    y = torch.tensor(y, dtype=torch.float64, requires_grad=True)
    f = ((x + y) * y).tanh() + x
    f.backward()
    return f.item(), x.grad.item(), y.grad.item()
