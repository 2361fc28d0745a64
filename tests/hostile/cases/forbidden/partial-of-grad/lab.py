#right


import functools

ask = functools.partial(torch.autograd.grad, retain_graph=False, allow_unused=True)


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
            return ask(x * x, x, grad_output.clone())[0]
