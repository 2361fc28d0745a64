"""+ sends its gradient to the left alone."""

# loses: value.tree (2)
# mistake: one side

def add(self, other):
    other = as_value(other)
    out = Value(self.data + other.data, (self, other))

    def _backward():
        self.grad += out.grad
        other.grad += 0.0

    out._backward = _backward
    return out
