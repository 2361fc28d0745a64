"""check_mine takes the first pair that it is given for right, and any other for wrong."""

# loses: check_mine

asked = []


def check_mine(mse, linear):
    asked.append(mse)
    return len(asked) == 1
