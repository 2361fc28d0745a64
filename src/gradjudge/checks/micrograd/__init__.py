"""Judge a scalar autograd engine, and the exercises that lead to it."""
