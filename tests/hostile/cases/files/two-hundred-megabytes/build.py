from hostile_cohort import notebook, right


def build(folder):
    with (folder / "lab.ipynb").open("w") as stream:
        stream.write(notebook(right()))
        stream.truncate(200 << 20)  # a hole: it takes no space
