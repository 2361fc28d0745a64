"""backward gives -1/q to every class."""

# loses: nll (3), digits (0.5)
# mistake: all classes

class NLL(Module):
    def forward(self, yhat, y):
        self.yhat, self.y = yhat, y
        return -yhat[range(len(y)), y].sum() / len(y)

    def backward(self):
        gradient = torch.zeros_like(self.yhat)
        gradient[:] = -1 / len(self.y)
        return gradient
