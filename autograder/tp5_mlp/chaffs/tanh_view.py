"""forward flattens with view, which a transposed input refuses."""

# loses: xor (0.5)
# mistake: layout

class Tanh(Module):
    def forward(self, x):
        self.out = torch.tanh(x.view(-1)).view(x.shape)
        return self.out

    def backward(self, delta):
        return delta * (1 - self.out**2)
