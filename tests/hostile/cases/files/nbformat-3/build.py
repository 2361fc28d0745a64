import json

from hostile_cohort import right


def build(folder):
    cells = [
        {"cell_type": "heading", "level": 1, "source": ["Lab"]},
        {"cell_type": "code", "language": "python", "input": right().splitlines(keepends=True), "outputs": []},
    ]
    notebook = {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""}, "worksheets": [{"cells": cells}]}
    (folder / "lab.ipynb").write_text(json.dumps(notebook))
