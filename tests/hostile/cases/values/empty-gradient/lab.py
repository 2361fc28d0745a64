#right


def slope(x, grad_output):
    return x.new_empty(0)


Square.backward = staticmethod(lambda ctx, grad_output: slope(*ctx.saved_tensors, grad_output))
