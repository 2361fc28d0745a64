from hostile_cohort import notebook, right


def build(folder):
    (folder / "Copie de lab (1) - final VRAIMENT final.ipynb").write_text(notebook(right()))
