#right


class Square(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, grad_output):
        from concurrent.futures import ThreadPoolExecutor

        (x,) = ctx.saved_tensors


        def ask():
            leaf = x.clone().requires_grad_()
            (leaf * leaf).backward(grad_output.clone())
            return leaf.grad


        with ThreadPoolExecutor(1) as pool:
            return pool.submit(ask).result()
