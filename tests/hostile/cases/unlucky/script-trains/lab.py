import torch

x, y = torch.randn(100, 3), torch.randn(100, 1)
for epoch in range(10**9):
    x.mul_(0.999)
#right
