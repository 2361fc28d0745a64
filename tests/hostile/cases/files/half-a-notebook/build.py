from hostile_cohort import notebook, right


def build(folder):
    text = notebook(right(), "x = 1")
    (folder / "lab.ipynb").write_text(text[: len(text) // 2])
