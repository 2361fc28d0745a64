"""+ writes = instead of +=; a * a alone is right."""

# loses: value.reuse (9)
# mistake: overwritten

def add(self, other):
    other = as_value(other)
    out = Value(self.data + other.data, (self, other))

    def _backward():
        self.grad = out.grad
        other.grad = out.grad

    out._backward = _backward
    return out
