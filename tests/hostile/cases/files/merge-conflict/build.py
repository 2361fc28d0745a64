from hostile_cohort import notebook, right


def build(folder):
    ours, theirs = notebook(right()), notebook("x = 1")
    (folder / "lab.ipynb").write_text(f"<<<<<<< HEAD\n{ours}\n=======\n{theirs}\n>>>>>>> main\n")
