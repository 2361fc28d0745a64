# %%
#right
# %%
lr = float(input("learning rate? "))
history = train(torch.randn(10, 3), torch.randn(10, 1), 5, 3, lr)[2]
