"""backward is left to autograd."""

# loses: tanh (2), xor (0.5), digits (0.5)
# mistake: autograd, ruled out

class Tanh(Module):
    def forward(self, x):
        self.x = x.detach().clone().requires_grad_()
        self.out = torch.tanh(self.x)
        return self.out.detach()

    def backward(self, delta):
        self.out.backward(delta)
        return self.x.grad
