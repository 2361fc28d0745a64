#right


from functools import partial

ask = partial(
    torch.autograd.variable.Variable._execution_engine.run_backward, allow_unreachable=True, accumulate_grad=False
)


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
            return ask((x * x,), (grad_output.clone(),), False, False, (x,))[0]
