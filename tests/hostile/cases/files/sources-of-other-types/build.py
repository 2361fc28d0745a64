import json

from hostile_cohort import notebook, right


def build(folder):
    made = json.loads(notebook(*["x = 1"] * 6))
    lines = right().replace("2 * x\n", "3 * x\n", 1).splitlines(keepends=True)
    better = [["def double(x):\n", "    return 2 * x"]]
    for cell, source in zip(made["cells"], (12345, better, lines, {"def double(x): return 2 * x": 1}, None, True)):
        cell["source"] = source
    del made["cells"][-1]["source"]
    (folder / "lab.ipynb").write_text(json.dumps(made))
