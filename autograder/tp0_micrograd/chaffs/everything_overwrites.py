"""Every operation writes = instead of +=; paid for once."""

# loses: value.reuse
# mistake: overwritten

def add(self, other):
    other = as_value(other)
    out = Value(self.data + other.data, (self, other))

    def _backward():
        self.grad = out.grad
        other.grad = out.grad

    out._backward = _backward
    return out


def mul(self, other):
    other = as_value(other)
    out = Value(self.data * other.data, (self, other))

    def _backward():
        self.grad = other.data * out.grad
        other.grad = self.data * out.grad

    out._backward = _backward
    return out


def power(self, k):
    out = Value(self.data**k, (self,))

    def _backward():
        self.grad = k * self.data ** (k - 1) * out.grad

    out._backward = _backward
    return out


def tanh(self):
    out = Value(math.tanh(self.data), (self,))

    def _backward():
        self.grad = (1 - out.data**2) * out.grad

    out._backward = _backward
    return out


def exp(self):
    out = Value(math.exp(self.data), (self,))

    def _backward():
        self.grad = out.data * out.grad

    out._backward = _backward
    return out
