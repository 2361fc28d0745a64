# %%
#right
torch.autograd.set_detect_anomaly(True)
torch.set_anomaly_enabled(True)
# %%
torch.set_printoptions(precision=2, sci_mode=False)
torch.set_flush_denormal(True)
torch.set_float32_matmul_precision("medium")
