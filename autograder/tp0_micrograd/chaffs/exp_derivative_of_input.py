"""The derivative of exp is taken as x, and tanh is made of exp: paid for once."""

# loses: value.exp (1)
# mistake: at input

def exp(self):
    out = Value(math.exp(self.data), (self,))

    def _backward():
        self.grad += self.data * out.grad

    out._backward = _backward
    return out


def tanh(self):
    e = (2 * self).exp()
    return (e - 1) / (e + 1)
