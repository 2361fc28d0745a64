"""** alone writes = instead of +=."""

# loses: value.minus_div_pow (1)
# mistake: overwritten

def power(self, k):
    out = Value(self.data**k, (self,))

    def _backward():
        self.grad = k * self.data ** (k - 1) * out.grad

    out._backward = _backward
    return out
