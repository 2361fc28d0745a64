"""The derivative of tanh is taken at its input: 1 - x²."""

# loses: value.tanh (1)
# mistake: at input

def tanh(self):
    out = Value(math.tanh(self.data), (self,))

    def _backward():
        self.grad += (1 - self.data**2) * out.grad

    out._backward = _backward
    return out
