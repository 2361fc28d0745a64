"""A sum instead of a mean."""

# loses: evaluate.value
# mistake: sum

def evaluate(model, x, y, loss_fn=nn.MSELoss()):
    mode = model.training
    model.eval()
    with torch.no_grad():
        value = loss_fn(model(x), y).item() * len(x)
    model.train(mode)
    return value
