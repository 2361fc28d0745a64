from hostile_cohort import notebook, right


def build(folder):
    (folder / "lab.ipynb").write_bytes(notebook(right()).encode("utf-16"))
