def build(folder):
    (folder / "lab.py").symlink_to("../../a-neighbour/lab/lab.py")
