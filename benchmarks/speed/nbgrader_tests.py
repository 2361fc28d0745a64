# ruff: noqa: F821  # the names are the student's: nbgrader runs each cell after the student's own, in one process
"""The same checks as in ``autograder/speed``, as nbgrader has them: cells that run after the student's own."""

# %% [mse]
### BEGIN HIDDEN TESTS
generator = torch.Generator().manual_seed(1)
inputs = [torch.randn(10, 5, dtype=torch.float64, generator=generator, requires_grad=True) for _ in range(2)]
assert torch.autograd.gradcheck(MSE.apply, inputs)
### END HIDDEN TESTS
# %% [linear]
### BEGIN HIDDEN TESTS
generator = torch.Generator().manual_seed(2)
shapes = [(5, 13), (13, 3), (3,)]
inputs = [torch.randn(*shape, dtype=torch.float64, generator=generator, requires_grad=True) for shape in shapes]
assert torch.autograd.gradcheck(Linear.apply, inputs)
### END HIDDEN TESTS
# %% [training]
### BEGIN HIDDEN TESTS
assert len(losses) == 200
assert losses[-1] < 0.485
### END HIDDEN TESTS
