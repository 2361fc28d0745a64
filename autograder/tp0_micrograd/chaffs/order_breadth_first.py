"""Breadth first: right on the example, wrong where ways have other lengths."""

# loses: value.order (8)
# mistake: visited early

def go_back(self):
    order, seen = [self], {self}
    for node in order:
        for child in node._prev:
            if child not in seen:
                seen.add(child)
                order.append(child)
    self.grad = 1.0
    for node in order:
        node._backward()
