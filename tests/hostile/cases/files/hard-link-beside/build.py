def build(folder):
    (folder / "hidden.py").hardlink_to(folder.parents[2] / "course/autograder/lab/test_lab.py")
