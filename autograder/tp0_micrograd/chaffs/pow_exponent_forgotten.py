"""The derivative of x ** k lacks the factor k; x / y is made of it and is not paid for again."""

# loses: value.minus_div_pow (1)
# mistake: power

def power(self, k):
    out = Value(self.data**k, (self,))

    def _backward():
        self.grad += self.data ** (k - 1) * out.grad

    out._backward = _backward
    return out
