"""torch.optim does the update."""

# loses: train_mlp.w1, train_mlp.b1, train_mlp.w2, train_mlp.b2, train_mlp.steps
# mistake: ruled out

def train_mlp(x, y, activation, params, lr, epochs):
    params = [torch.nn.Parameter(param.clone()) for param in params]
    optimiser = torch.optim.SGD(params, lr=lr)
    history = []
    for _ in range(epochs):
        optimiser.zero_grad()
        loss = mse(predict(params, x, activation), y)
        loss.backward()
        optimiser.step()
        history.append(loss.item())
    return params, history
