"""autograd differentiates a formula; MSE and Linear are not used."""

# loses: train_mlp.steps (3)
# mistake: autograd

def train_mlp(x, y, activation, params, lr, epochs):
    params = [param.detach().clone().requires_grad_() for param in params]
    history = []
    for _ in range(epochs):
        w1, b1, w2, b2 = params
        loss = ((activation.apply(x @ w1 + b1) @ w2 + b2 - y) ** 2).sum() / len(x)
        history.append(loss.item())
        gradients = torch.autograd.grad(loss, params)
        params = [(old - lr * new).detach().requires_grad_() for old, new in zip(params, gradients)]
    return params, history
