"""MSE.backward is handed a random number, as in a test of backward."""

# loses: train_batch.p1 (5), train_batch.p3
# mistake: first grad_output

def own_step(x, y, w, b, lr):
    ctx_linear, ctx_mse = Context(), Context()
    loss = MSE.forward(ctx_mse, Linear.forward(ctx_linear, x, w, b), y)
    dyhat, _ = MSE.backward(ctx_mse, torch.rand(()))
    _, dw, db = Linear.backward(ctx_linear, dyhat)
    return w - lr * dw, b - lr * db


def train_batch(x, y, lr, epochs, w=None, b=None, *, x_test=None, y_test=None, writer=None):
    w, b = start_from(x, y, w, b)
    history = []
    for epoch in range(epochs):
        history.append(mse(linear(x, w, b), y).item())
        if writer is not None:
            writer.add_scalar("Loss/train", history[-1], epoch)
            if x_test is not None:
                writer.add_scalar("Loss/test", mse(linear(x_test, w, b), y_test).item(), epoch)
        w, b = own_step(x, y, w, b, lr)
    return w, b, history
