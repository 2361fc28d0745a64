def build(folder):
    course = folder.parents[2] / "course"
    (folder / "answers.py").symlink_to(course / "solutions/lab.py")
    (folder / "neighbour.py").symlink_to("../../a-neighbour/lab/lab.py")
    (folder / "hidden.py").symlink_to(course / "autograder/lab/test_lab.py")
