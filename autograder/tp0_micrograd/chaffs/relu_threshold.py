"""The derivative of relu changes at 2, not at 0."""

# loses: value.relu (1)
# mistake: threshold

def relu(self):
    out = Value(max(0.0, self.data), (self,))

    def _backward():
        self.grad += (self.data > 2) * out.grad

    out._backward = _backward
    return out
