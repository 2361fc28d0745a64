"""The derivative of x ** k is k * x ** k."""

# loses: value.minus_div_pow (1)
# mistake: power

def power(self, k):
    out = Value(self.data**k, (self,))

    def _backward():
        self.grad += k * out.data * out.grad

    out._backward = _backward
    return out
