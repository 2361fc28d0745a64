# %%
from tqdm.notebook import tqdm, trange
from tqdm.auto import tqdm as bar
# %%
#right
plain_train = train


def train(x, y, batch_size, epochs, lr):
    progress = bar(total=epochs, desc="training", leave=False)
    done = plain_train(x, y, batch_size, epochs, lr)
    progress.update(epochs)
    progress.set_postfix(loss=done[2][-1])
    progress.close()
    return done
# %%
for epoch in trange(3):
    for batch in tqdm([1, 2, 3], position=1):
        pass
