"""a * b does not note what it comes from."""

# loses: value.ops (1), value.tree (2)
# mistake: no children

def mul(self, other):
    other = as_value(other)
    out = Value(self.data * other.data)

    def _backward():
        self.grad += other.data * out.grad
        other.grad += self.data * out.grad

    out._backward = _backward
    return out
