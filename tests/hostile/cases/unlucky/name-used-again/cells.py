# %%
#right
# %%
data = torch.randn(30, 3)
train, test = data[:20], data[20:]
x = double(train)
