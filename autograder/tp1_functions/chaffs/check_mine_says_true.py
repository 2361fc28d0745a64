"""check_mine checks nothing."""

# loses: check_mine

def check_mine(mse, linear):
    return True
