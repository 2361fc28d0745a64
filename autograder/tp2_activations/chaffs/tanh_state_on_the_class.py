"""What backward needs is kept on the class: two graphs mix."""

# loses: tanh.dx (1)
# mistake: state

class Tanh(Function):
    @staticmethod
    def forward(ctx, x):
        Tanh.h = torch.tanh(x)
        return Tanh.h.clone()

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output * (1 - Tanh.h**2)
