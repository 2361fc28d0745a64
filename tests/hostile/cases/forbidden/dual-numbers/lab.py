#right


class Square(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, grad_output):
        from torch.autograd import forward_ad

        (x,) = ctx.saved_tensors
        with forward_ad.dual_level():
            return forward_ad.unpack_dual(torch.square(forward_ad.make_dual(x, grad_output))).tangent
