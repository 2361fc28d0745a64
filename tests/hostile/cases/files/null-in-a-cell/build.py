from hostile_cohort import notebook, right


def build(folder):
    right_but_one = right().replace("def double", "def other")
    (folder / "lab.ipynb").write_text(notebook("def double(x):\n    return 2 * x\0", "x = \u2028 1 \x07", right_but_one))
