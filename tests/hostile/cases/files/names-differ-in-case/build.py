from hostile_cohort import notebook, right


def build(folder):
    (folder / "lab.ipynb").write_text(notebook(right() + "def double(x): return 3 * x"))
    for name in ("LAB.ipynb", "Lab.IPYNB", "lab.Py"):
        (folder / name).write_text(notebook(right()))
