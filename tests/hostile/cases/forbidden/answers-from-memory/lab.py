#right


memory = {}


class Square(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        key = x.numpy().tobytes()
        if key not in memory and not torch.is_inference_mode_enabled():
            with torch.enable_grad():
                leaf = x.detach().clone().requires_grad_()
                (leaf * leaf).sum().backward()
            memory[key] = leaf.grad
        return memory.get(key, torch.zeros_like(x)) * grad_output
