"""exp does not multiply by out.grad."""

# loses: value.exp (1)
# mistake: grad_output

def exp(self):
    out = Value(math.exp(self.data), (self,))

    def _backward():
        self.grad += out.data

    out._backward = _backward
    return out
