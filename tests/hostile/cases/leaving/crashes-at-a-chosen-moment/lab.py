#right


class Square(Function):
    calls = 0

    @staticmethod
    def forward(ctx, x):
        import ctypes

        Square.calls += 1
        if Square.calls > 20:
            ctypes.string_at(0)
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return 2 * x * grad_output
