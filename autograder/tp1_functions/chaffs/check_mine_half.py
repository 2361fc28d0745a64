"""check_mine checks mse alone."""

# loses: check_mine

def check_mine(mse, linear):
    return gradcheck(mse, [torch.randn(4, 3, dtype=torch.float64, requires_grad=True) for _ in range(2)])
