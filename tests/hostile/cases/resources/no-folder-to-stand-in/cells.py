# %%
#right
# %%
import os, shutil, tempfile
with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
# %%
class Square(Function):
    @staticmethod
    def forward(ctx, x):
        return x * x

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output
