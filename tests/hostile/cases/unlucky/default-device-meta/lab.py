#right
torch.set_default_device("meta")
