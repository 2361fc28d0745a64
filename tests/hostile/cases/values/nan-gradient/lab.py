#right


def slope(x, grad_output):
    return torch.full_like(x, float("nan"))


Square.backward = staticmethod(lambda ctx, grad_output: slope(*ctx.saved_tensors, grad_output))
