"""The root of the mean square."""

# loses: evaluate.value
# mistake: root

def evaluate(model, x, y, loss_fn=nn.MSELoss()):
    mode = model.training
    model.eval()
    with torch.no_grad():
        value = loss_fn(model(x), y).sqrt().item()
    model.train(mode)
    return value
