import os
import stat


def build(folder):
    try:
        os.mknod(folder / "lab.ipynb", stat.S_IFCHR | 0o666, os.makedev(1, 5))
    except PermissionError:  # only root makes devices, and not everywhere: a FIFO is refused for the same reason
        os.mkfifo(folder / "lab.ipynb")
