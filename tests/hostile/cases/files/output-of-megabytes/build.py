import json

from hostile_cohort import notebook, right


def build(folder):
    made = json.loads(notebook(right()))
    picture = {"output_type": "display_data", "metadata": {}, "data": {"image/png": "iVBORw0K" * (12 << 17)}}
    printed = {"output_type": "stream", "name": "stdout", "text": ["\ud83d", "\udcaa\ud83d"]}
    made["cells"][0]["outputs"] = [picture, printed]
    (folder / "lab.ipynb").write_text(json.dumps(made))
