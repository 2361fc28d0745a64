"""restore puts the first parameter back only."""

# loses: early_stopping (1.5)

class EarlyStopping:
    def __init__(self, patience):
        self.patience, self.lowest, self.waited = patience, float("inf"), 0

    def step(self, loss, params):
        self.params, self.waited = params, self.waited + 1
        if loss < self.lowest:
            self.lowest, self.waited = loss, 0
            self.best = [param.data.clone() for param in params]
        return self.waited >= self.patience

    def restore(self):
        for param, data in zip(self.params, self.best):
            param.data = data.clone()
            break
