"""MSE.backward is handed the cost itself, not 1."""

# loses: train_mlp.w1, train_mlp.b1, train_mlp.w2, train_mlp.b2, train_mlp.steps (7), outcome.tanh, outcome.relu
# mistake: first grad_output

def train_mlp(x, y, activation, params, lr, epochs):
    w1, b1, w2, b2 = (param.detach().clone() for param in params)
    history = []
    for _ in range(epochs):
        ctx_1, ctx_g, ctx_2, ctx_mse = (Context() for _ in range(4))
        hidden = activation.forward(ctx_g, Linear.forward(ctx_1, x, w1, b1))
        loss = MSE.forward(ctx_mse, Linear.forward(ctx_2, hidden, w2, b2), y)
        dyhat, _ = MSE.backward(ctx_mse, loss)
        dhidden, dw2, db2 = Linear.backward(ctx_2, dyhat)
        _, dw1, db1 = Linear.backward(ctx_1, activation.backward(ctx_g, dhidden))
        history.append(loss.item())
        w1, b1, w2, b2 = w1 - lr * dw1, b1 - lr * db1, w2 - lr * dw2, b2 - lr * db2
    return [w1, b1, w2, b2], history
