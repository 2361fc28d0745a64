def build(folder):
    (folder / "lab.py").hardlink_to(folder.parents[2] / "course/solutions/lab.py")
