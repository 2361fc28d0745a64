import json

from hostile_cohort import notebook, right

EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)>[a](javascript:alert(1))"


def build(folder):
    code = f"""
Evil = type("<script>", (Exception,), {{}})
EVIL = {EVIL!r}
print(EVIL)
globals()["doubl<script>"] = globals()["=HYPERLINK(1)"] = 5


def double(x):
    raise Evil(EVIL)
"""
    made = json.loads(notebook(right() + code))
    nbgrader = {"nbgrader": {"grade_id": "essay", "grade": True, "solution": True}}
    made["cells"].append({"cell_type": "markdown", "metadata": nbgrader, "id": EVIL, "source": EVIL})
    made["cells"][0]["outputs"] = [{"output_type": "display_data", "metadata": {}, "data": {"text/html": EVIL}}]
    (folder / "lab.ipynb").write_text(json.dumps(made))
