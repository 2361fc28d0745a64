import json

from hostile_cohort import right


def build(folder):
    (folder / "lab.ipynb").write_text(json.dumps({"cells": [{"cell_type": "code", "source": right()}]}))
