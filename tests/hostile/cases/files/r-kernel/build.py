import json

from hostile_cohort import notebook, right


def build(folder):
    made = json.loads(notebook("x <- c(1, 2)\nfor (i in x) { print(i) }", right()))
    made["metadata"] = {
        "kernelspec": {"name": "ir", "display_name": "R", "language": "R"},
        "language_info": {"name": "R", "file_extension": ".r", "version": "4.3"},
    }
    (folder / "lab.ipynb").write_text(json.dumps(made))
