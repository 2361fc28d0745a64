def build(folder):
    (folder / "lab.py").symlink_to(folder.parents[2] / "course/solutions/lab.py")
