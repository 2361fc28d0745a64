import torch
from tp1_functions import train_batch

x = torch.randn(50, 13)
y = torch.randn(50, 3)
print(train_batch(x, y, 0.05, 100)[2])
