"""* multiplies by its own factor, not by the other one."""

# loses: value.tree (2)
# mistake: sides exchanged

def mul(self, other):
    other = as_value(other)
    out = Value(self.data * other.data, (self, other))

    def _backward():
        self.grad += self.data * out.grad
        other.grad += other.data * out.grad

    out._backward = _backward
    return out
