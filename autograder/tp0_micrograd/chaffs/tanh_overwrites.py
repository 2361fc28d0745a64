"""tanh alone writes = instead of +=."""

# loses: value.tanh (1)
# mistake: overwritten

def tanh(self):
    out = Value(math.tanh(self.data), (self,))

    def _backward():
        self.grad = (1 - out.data**2) * out.grad

    out._backward = _backward
    return out
