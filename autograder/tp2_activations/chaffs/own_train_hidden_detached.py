"""The engine goes back, but the hidden layer was detached on the way: the first layer has no gradient and stays."""

# loses: train_mlp.w1, train_mlp.b1, train_mlp.steps (6), outcome.tanh, outcome.relu
# mistake: frozen w1, frozen b1

def train_mlp(x, y, activation, params, lr, epochs):
    params = [param.detach().clone().requires_grad_() for param in params]
    history = []
    for _ in range(epochs):
        w1, b1, w2, b2 = params
        hidden = activation.apply(Linear.apply(x, w1, b1))
        loss = MSE.apply(Linear.apply(hidden.detach(), w2, b2), y)
        history.append(loss.item())
        loss.backward()
        with torch.no_grad():
            for param in params:
                if param.grad is not None:
                    param -= lr * param.grad
                    param.grad = None
    return [param.detach() for param in params], history
