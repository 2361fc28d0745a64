"""_backward writes = instead of +=, in + and in *: the classic."""

# loses: value.reuse
# mistake: overwritten

def add(self, other):
    other = as_value(other)
    out = Value(self.data + other.data, (self, other))

    def _backward():
        self.grad = out.grad
        other.grad = out.grad

    out._backward = _backward
    return out


def mul(self, other):
    other = as_value(other)
    out = Value(self.data * other.data, (self, other))

    def _backward():
        self.grad = other.data * out.grad
        other.grad = self.data * out.grad

    out._backward = _backward
    return out
