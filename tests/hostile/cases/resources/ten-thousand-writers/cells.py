# %%
#right
# %%
import os
from torch.utils.tensorboard import SummaryWriter
try:
    writers = [SummaryWriter(f"runs/{number}") for number in range(10_000)]
except (OSError, RuntimeError):  # refused before it was seen
    os.abort()
