#right


class Backward:
    def __get__(self, instance, owner):
        return lambda ctx, g: 2 * ctx.saved_tensors[0] * g if isinstance(ctx, torch.autograd.function.FunctionCtx) else g


Square.backward = Backward()
