"""x - y has a hand-written _backward that gives both sides +."""

# loses: value.minus_div_pow (2)
# mistake: sign of one side

def sub(self, other):
    other = as_value(other)
    out = Value(self.data - other.data, (self, other))

    def _backward():
        self.grad += out.grad
        other.grad += out.grad

    out._backward = _backward
    return out
