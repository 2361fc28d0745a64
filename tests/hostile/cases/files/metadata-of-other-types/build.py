import json

from hostile_cohort import notebook, right


def build(folder):
    made = json.loads(notebook("x = 1", right(), "x = 2", "x = 3"))
    odd = (7, {"nbgrader": []}, {"nbgrader": {"grade_id": {"a": 1}, "grade": "yes"}}, None)
    for cell, metadata, cell_id in zip(made["cells"], odd, (None, [1], "i" * 100_000, {"a": "b"})):
        cell.update(metadata=metadata, id=cell_id, outputs="none", execution_count={"a": 1})
    made["metadata"] = {"gradjudge": {"language": {"en": 1}, "assignment": 5}, "kernelspec": 3}
    made["nbformat"] = "four"
    (folder / "lab.ipynb").write_text(json.dumps(made))
