import os


def build(folder):
    for name in ("data.csv", "helper.py", "timestamp.txt", "grading.toml"):
        os.mkfifo(folder / name)
