"""The derivative of x / y by y lacks the square."""

# loses: value.minus_div_pow (2)
# mistake: power

def div(self, other):
    other = as_value(other)
    out = Value(self.data / other.data, (self, other))

    def _backward():
        self.grad += out.grad / other.data
        other.grad -= out.grad * self.data / other.data

    out._backward = _backward
    return out
