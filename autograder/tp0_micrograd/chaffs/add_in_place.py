"""a + b changes a and returns it."""

# loses: value.ops (2.5), value.tree (2)
# mistake: in place, no children

def add(self, other):
    other = as_value(other)
    self.data += other.data
    return self
