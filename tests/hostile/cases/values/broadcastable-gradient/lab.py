#right


def slope(x, grad_output):
    return (2 * x * grad_output).sum().reshape(1, 1)


Square.backward = staticmethod(lambda ctx, grad_output: slope(*ctx.saved_tensors, grad_output))
