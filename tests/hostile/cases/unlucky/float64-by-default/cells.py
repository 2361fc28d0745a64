# %%
#right
# %%
torch.set_default_dtype(torch.float64)
torch.set_default_tensor_type(torch.DoubleTensor)
