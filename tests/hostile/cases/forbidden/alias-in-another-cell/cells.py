# %%
#right
# %%
import torch.autograd as tools
slope = tools.grad
# %%
def helper(x, g):
    with torch.inference_mode(False), torch.enable_grad():
        x = x.clone().requires_grad_()
        return slope(x * x, x, g.clone())[0]
# %%
class Square(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, grad_output):
        return helper(*ctx.saved_tensors, grad_output)
