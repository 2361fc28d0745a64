"""p - lr * grad by hand; the optimiser that was given never steps."""

# loses: train_optim.adam
# mistake: given optimiser unused

def train_optim(model, loader, optimizer, epochs, loss_fn=nn.MSELoss()):
    history = []
    for _ in range(epochs):
        losses = []
        for x, y in loader:
            optimizer.zero_grad()
            loss = loss_fn(model(x), y)
            loss.backward()
            with torch.no_grad():
                for parameter in model.parameters():
                    parameter -= optimizer.param_groups[0]["lr"] * parameter.grad
            losses.append(loss.item())
        history.append(sum(losses) / len(losses))
    return history
