import json

from hostile_cohort import notebook, right


def build(folder):
    made = json.loads(notebook("assert True", right(), "def double(x): return 6", "print('double: 3/3')"))
    tests = {"grade": True, "solution": False, "locked": False, "points": 1000, "schema_version": 3}
    for cell, name in zip(made["cells"], ("double.test", "square.test", "double", "train.test")):
        cell["metadata"] = {"nbgrader": {"grade_id": name, **tests}, "deletable": True, "editable": True}
    (folder / "lab.ipynb").write_text(json.dumps(made))
