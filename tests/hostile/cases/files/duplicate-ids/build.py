import json

from hostile_cohort import notebook, right


def build(folder):
    made = json.loads(notebook("x = 1", right(), "x = 2", "y = double(x)"))
    for cell in made["cells"]:
        cell["id"] = "c0"
        cell["metadata"] = {"nbgrader": {"grade_id": "double", "grade": True, "solution": True, "points": 3}}
    (folder / "lab.ipynb").write_text(json.dumps(made))
