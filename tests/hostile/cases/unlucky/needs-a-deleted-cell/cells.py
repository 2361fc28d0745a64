# %%
#right
del double
# %%
x_train = (x_train - x_train.mean()) / x_train.std()


def double(x):
    return 2 * x
# %%
def train(x, y, batch_size, epochs, lr):
    w, b = x.new_zeros(x.shape[1], 1, device=device), x.new_zeros(1)
    return w, b, []
