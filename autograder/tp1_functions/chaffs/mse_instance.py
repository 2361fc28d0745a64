"""mse is an instance of MSE, not MSE.apply: torch refuses to call it."""

# loses: mse.forward (0.5)
# mistake: not apply

mse = MSE()
