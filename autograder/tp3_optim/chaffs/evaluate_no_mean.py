"""One square per row is returned."""

# loses: evaluate.value
# mistake: unreduced

def evaluate(model, x, y, loss_fn=nn.MSELoss()):
    mode = model.training
    model.eval()
    with torch.no_grad():
        value = ((model(x) - y) ** 2)
    model.train(mode)
    return value
