import json

from hostile_cohort import notebook

MARKS = {"score": 15, "max_score": 15, "points": {"double": 3, "square": 4, "follow": 2, "train": 6}, "passed": True}


def build(folder):
    made = json.loads(notebook("def double(x):\n    return 0", "double(1)", "%load_ext nbgrader"))
    for number, cell in enumerate(made["cells"], 1):
        nbgrader = {"grade": True, "grade_id": "double", "points": 3, "schema_version": 3, **MARKS}
        cell["metadata"] = {"nbgrader": nbgrader, "otter": MARKS, "gradjudge": MARKS, "tags": ["passed"]}
        cell["execution_count"] = number
        cell["outputs"] = [
            {"output_type": "execute_result", "execution_count": number, "metadata": {}, "data": {"text/plain": "2"}},
            {"output_type": "execute_result", "execution_count": number, "metadata": {}, "data": {"text/plain": "3.0"}},
            {"output_type": "stream", "name": "stdout", "text": json.dumps(MARKS)},
        ]
    made["metadata"] = {"gradjudge": {"assignment": "lab", "language": "fr", **MARKS}, "nbgrader": MARKS, **MARKS}
    made |= {"score": 15, "items": MARKS["points"], "verdict": MARKS}
    (folder / "lab.ipynb").write_text(json.dumps(made))
