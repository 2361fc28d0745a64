#right


class Square(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, grad_output):
        from torch._functorch.eager_transforms import vjp

        return vjp(torch.square, *ctx.saved_tensors)[1](grad_output)[0]
