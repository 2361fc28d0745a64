"""* forgets out.grad."""

# loses: value.tree (2)
# mistake: grad_output

def mul(self, other):
    other = as_value(other)
    out = Value(self.data * other.data, (self, other))

    def _backward():
        self.grad += other.data
        other.grad += self.data

    out._backward = _backward
    return out
