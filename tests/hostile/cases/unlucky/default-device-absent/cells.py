# %%
#right
# %%
torch.set_default_device("cuda")
model = torch.nn.Linear(3, 1)
