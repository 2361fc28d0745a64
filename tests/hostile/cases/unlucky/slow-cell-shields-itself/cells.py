# %%
#right
while True:
    try:
        train(torch.randn(1000, 3), torch.randn(1000, 1), 1, 1, 0.001)
    except:
        pass
