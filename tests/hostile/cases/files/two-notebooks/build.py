from hostile_cohort import notebook, right


def build(folder):
    (folder / "lab.ipynb").write_text(notebook(right(), "def double(x): return 0\nfollow = double"))
    (folder / "lab_v2.ipynb").write_text(notebook(right()))
    checkpoints = folder / ".ipynb_checkpoints"
    checkpoints.mkdir()
    (checkpoints / "lab-checkpoint.ipynb").write_text(notebook(right()))
