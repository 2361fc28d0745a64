#right


from gradjudge.session.answer.stand_in import _note_work


class Ours(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, grad_output):
        with torch.inference_mode(False), torch.enable_grad():
            x = ctx.saved_tensors[0].detach().clone().requires_grad_()
            return torch.autograd.grad(x * x, x, grad_output.clone())[0]


_note_work(Ours)


class Square(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, grad_output):
        return Ours.backward(ctx, grad_output)
