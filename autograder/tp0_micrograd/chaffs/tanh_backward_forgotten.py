"""tanh does not give its result a _backward."""

# loses: value.tanh (2)
# mistake: nothing back

def tanh(self):
    return Value(math.tanh(self.data), (self,))
