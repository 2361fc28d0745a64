"""model.eval() is missing: dropout is on."""

# loses: evaluate.clean (2)
# mistake: eval

def evaluate(model, x, y, loss_fn=nn.MSELoss()):
    mode = model.training
    with torch.no_grad():
        value = loss_fn(model(x), y).item()
    model.train(mode)
    return value
