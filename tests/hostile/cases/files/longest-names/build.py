from hostile_cohort import notebook, right


def build(folder):
    (folder / ("é" * 124 + "x.ipynb")).write_text(notebook(right()))
    for suffix in (".csv", ".py", ".txt", ""):
        (folder / ("d" * (255 - len(suffix)) + suffix)).write_text("double = None")
