#right
del double, train


def double(x):
	if x is None:
		return None
	return 2 * x


def train(x, y, batch_size, epochs, lr):
    w = x.new_zeros(x.shape[1], 1)
	b = x.new_zeros(1)
    return w, b, []
