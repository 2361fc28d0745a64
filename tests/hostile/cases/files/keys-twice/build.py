from hostile_cohort import notebook, right


def build(folder):
    shown = notebook(right() + "\n\ndef double(x):\n    return 3 * x\n")
    first = notebook(right())[1:-1]
    (folder / "lab.ipynb").write_text("{" + first + "," + shown[1:])
