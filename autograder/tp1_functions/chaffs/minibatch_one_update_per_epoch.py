"""Gradients are added up over the batches and applied once per epoch."""

# loses: train_minibatch.structure (2)
# mistake: step per epoch

def train_minibatch(x, y, lr, epochs, batch_size, w=None, b=None, *, generator=None):
    w, b = start_from(x, y, w, b)
    history = []
    for _ in range(epochs):
        history.append(mse(linear(x, w, b), y).item())
        steps = []
        for rows in torch.randperm(len(x), generator=generator).split(batch_size):
            moved = one_step(x[rows], y[rows], w, b, lr)
            steps.append((moved[0] - w, moved[1] - b))
        w, b = w + sum(step[0] for step in steps), b + sum(step[1] for step in steps)
    return w, b, history
