#right


class Nothing:
    def save_for_backward(self, *tensors):
        pass


class Square(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        slope = torch.zeros_like(x)
        for i in range(x.numel()):
            step = torch.zeros_like(x)
            step.view(-1)[i] = 0.5
            slope += Square.forward(Nothing(), x + step) - Square.forward(Nothing(), x - step)
        return slope * grad_output
