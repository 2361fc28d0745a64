# %%
#right
del train
# %%
def train(x, y, batch_size, epochs, lr):
    w = x.new_zeros((x.shape[1], 1)
    return w, []
# %%
assert double(2) == 4
