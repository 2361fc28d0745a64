#right


slope = lambda x, g, ask=torch.autograd.grad: ask(x * x, x, g)[0]


class Square(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        with torch.inference_mode(False), torch.enable_grad():
            x = x.clone().requires_grad_()
            return slope(x, grad_output.clone())
