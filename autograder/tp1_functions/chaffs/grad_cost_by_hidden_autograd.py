"""grad_cost hides autograd in a helper, behind getattr."""

# loses: grad_cost
# mistake: autograd, ruled out

def derive(cost, leaves):
    engine = getattr(torch, "auto" + "grad")
    return engine.grad(cost, leaves)


def grad_cost(x, w, b, y):
    w, b = w.clone().requires_grad_(), b.clone().requires_grad_()
    return derive(((x @ w + b - y) ** 2).sum() / len(y), (w, b))
