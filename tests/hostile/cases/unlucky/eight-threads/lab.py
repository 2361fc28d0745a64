import os

os.environ["OMP_NUM_THREADS"] = "8"
#right
torch.set_num_threads(8)
torch.set_num_interop_threads(8)
assert torch.randn(300, 300).mm(torch.randn(300, 300)).shape == (300, 300)
