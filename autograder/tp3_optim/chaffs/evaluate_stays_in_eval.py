"""The model is left in evaluation mode."""

# loses: evaluate.clean (2)
# mistake: mode

def evaluate(model, x, y, loss_fn=nn.MSELoss()):
    mode = model.training
    model.eval()
    with torch.no_grad():
        value = loss_fn(model(x), y).item()
    return value
