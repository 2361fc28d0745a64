"""No no_grad around the model."""

# loses: evaluate.clean (1)
# mistake: graph

def evaluate(model, x, y, loss_fn=nn.MSELoss()):
    mode = model.training
    model.eval()
    if True:
        value = loss_fn(model(x), y).item()
    model.train(mode)
    return value
