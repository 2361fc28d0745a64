#right


def slope(x, grad_output):
    return torch.complex(2 * x * grad_output, x)


Square.backward = staticmethod(lambda ctx, grad_output: slope(*ctx.saved_tensors, grad_output))
