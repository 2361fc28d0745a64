"""-x passes its gradient on unchanged; x - y is made of it and is not paid for again."""

# loses: value.minus_div_pow (1)
# mistake: sign

def neg(self):
    out = Value(-self.data, (self,))

    def _backward():
        self.grad += out.grad

    out._backward = _backward
    return out
