"""check_mine checks the functions of the notebook, not those that it is given."""

# loses: check_mine

def check_mine(_mse, _linear):
    shapes = [(10, 5), (10, 5), (13, 5), (5, 7), (7,)]
    yhat, y, x, w, b = (torch.randn(*shape, dtype=torch.float64, requires_grad=True) for shape in shapes)
    return gradcheck(mse, (yhat, y)) and gradcheck(linear, (x, w, b))
