# %%
#right
plain_train = train


def train(x, y, batch_size, epochs, lr):
    return plain_train(x.cuda(), y.cuda(), batch_size, epochs, lr)
# %%
device = torch.device("cuda:0")
torch.cuda.empty_cache()
model = torch.nn.Linear(3, 1).to(device)
