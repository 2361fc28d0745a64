"""x ** k multiplies k times: whole k alone."""

# loses: value.minus_div_pow (2)

def power(self, k):
    data = 1.0
    for _ in range(int(abs(k))):
        data = data * self.data
    out = Value(data if k >= 0 else 1 / data, (self,))

    def _backward():
        self.grad += k * out.data / self.data * out.grad

    out._backward = _backward
    return out
