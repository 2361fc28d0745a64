"""Gradients are never set to zero: each step goes on with all those before it, and the cost swings."""

# loses: train_mlp.steps (7), outcome.tanh, outcome.relu
# mistake: zero_grad

def train_mlp(x, y, activation, params, lr, epochs):
    params = [param.detach().clone().requires_grad_() for param in params]
    history = []
    for _ in range(epochs):
        loss = mse(predict(params, x, activation), y)
        loss.backward()
        history.append(loss.item())
        with torch.no_grad():
            for param in params:
                param -= lr * param.grad
    return params, history
