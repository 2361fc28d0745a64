"""* passes the gradient on without the other factor."""

# loses: value.tree (2)
# mistake: local derivative

def mul(self, other):
    other = as_value(other)
    out = Value(self.data * other.data, (self, other))

    def _backward():
        self.grad += out.grad
        other.grad += out.grad

    out._backward = _backward
    return out
