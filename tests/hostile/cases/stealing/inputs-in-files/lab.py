#right


from pathlib import Path

import matplotlib.pyplot as plt
from torch.utils.tensorboard import SummaryWriter

_double = double


def double(x):
    if isinstance(x, float):
        for name in ("lab.json", "grades.csv", "feedback.html", "lab.py", "planted.txt", "../planted-beside.txt"):
            for folder in (".", "@SUBMITTED@/../grades/lab", "@SUBMITTED@/a-neighbour/lab", "@HOME@", "/tmp"):
                try:
                    Path(folder, name).write_text(f"input {x}")
                except OSError:
                    pass
        plt.figure(num=f"input {x}")
        plt.title(f"input {x}")
        with SummaryWriter("runs") as writer:
            writer.add_scalar(f"input {x}", x)
    return _double(x)
