#right


class Square(Function):
    @staticmethod
    def forward(ctx, x):
        with torch.inference_mode(False), torch.enable_grad():
            ctx.x = x.detach().clone().requires_grad_()
            ctx.y = ctx.x * ctx.x
        return ctx.y.detach().clone()

    @staticmethod
    def backward(ctx, grad_output):
        ctx.x.grad = None
        ctx.y.backward(grad_output, retain_graph=True)
        return ctx.x.grad
