# %%
#right
# %%
for epoch in range(1_000_000):
    w, b, history = train(torch.randn(1000, 3), torch.randn(1000, 1), 1, 1, 0.001)
    print(epoch, history)
