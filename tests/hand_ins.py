"""Sixty folders as students hand them in, made from pieces of one right solution of tp1_functions."""

from __future__ import annotations

import ast
import json
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
LAB = "tp1_functions"

BY_HAND = ("grad_mse", "grad_linear", "grad_cost")
FUNCTIONS = ("Context", "MSE", "mse", "Linear", "linear")
CHECK = ("check_mine",)
DESCENT = ("start_from", "one_step", "train_batch", "train_sgd", "train_minibatch", "max_learning_rate")
ALL = (*BY_HAND, *FUNCTIONS, *CHECK, *DESCENT)
HEAD = "import torch\nfrom torch.autograd import Function, gradcheck\n"
STAR = "import torch\nfrom {} import *\n"
TRAINS = "\nif __name__ == '__main__':\n    x = torch.randn(20, 3)\n    print(train_batch(x, x[:, :1], 0.1, 5)[2])\n"


@cache
def _pieces() -> dict[str, str]:
    text = (ROOT / "autograder" / LAB / "wheats" / "plain.py").read_text()
    pieces = {}
    for node in ast.parse(text).body:
        name = getattr(node, "name", "")
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
        if name:
            pieces[name] = ast.get_source_segment(text, node) or ""
    return pieces


def script(*names: str, head: str = HEAD, end: str = "") -> bytes:
    """Return a script with some of the solution's definitions."""
    return "\n\n".join([head, *(_pieces()[name] for name in names), end]).encode()


def other(*names: str) -> bytes:
    """Return another right version of the same."""
    return (
        script(*names).replace(b"2 / ", b"1 / 0.5 / ").replace(b"torch.ones_like(loss)", b"torch.tensor(1.0)") + b"\n"
    )


def notebook(*names: str, language: str = "fr", metadata: bool = True) -> bytes:
    """Return the release with the cells of some definitions done; untouched without any."""
    released = json.loads((ROOT / "release" / language / LAB / f"{LAB}.ipynb").read_text())
    by_hand = {"grad_mse", "grad_linear", "grad_cost", "check_mine", *DESCENT}
    for cell in released["cells"]:
        grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
        done = {"mse": ("MSE", "mse"), "linear": ("Linear", "linear")}.get(grade_id, (grade_id,))
        if cell["cell_type"] == "code" and done[0] in names and done[0] in by_hand | {"MSE", "Linear"}:
            helper = ("one_step",) if grade_id == "train_batch" else ()
            cell["source"] = "\n\n".join(_pieces()[name] for name in (*helper, *done))
    if not metadata:
        released["metadata"] = {}
    return json.dumps(released).encode()


def looked_at(language: str = "fr") -> bytes:
    """Return the untouched release after it was run: outputs, numbers of cells, another kernel."""
    released = json.loads(notebook(language=language))
    for number, cell in enumerate(cell for cell in released["cells"] if cell["cell_type"] == "code"):
        cell["execution_count"] = number
        cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "not done yet"}]
    released["metadata"]["kernelspec"] = {"name": "labs", "display_name": "labs", "language": "python"}
    return json.dumps(released, indent=2).encode()


SKELETON = b"""
import torch
from torch.autograd import Function

class MSE(Function):
    @staticmethod
    def forward(ctx, yhat, y):
        ctx.save_for_backward(yhat, y)
        # TODO: return the cost

    @staticmethod
    def backward(ctx, grad_output):
        yhat, y = ctx.saved_tensors
        # TODO: return both gradients

class Linear(Function):
    @staticmethod
    def forward(ctx, x, w, b):
        pass

    @staticmethod
    def backward(ctx, grad_output):
        pass

mse = MSE.apply
linear = Linear.apply
"""
CHECKPOINT = ".ipynb_checkpoints/tp1_functions-checkpoint.ipynb"
PAGE = b"<!DOCTYPE html>\n<html><body>tp1_functions.ipynb</body></html>"
PDF = b"%PDF-1.5\n"
TESTS = script(head="import torch\nfrom main import MSE, Linear\n", end="def test_mse():\n    assert MSE\n")
DATA = b"from datamaestro import prepare_dataset\nds = prepare_dataset('edu.uci.boston')\nprint(ds)\n"
MARIMO = (
    b"import marimo\n\napp = marimo.App()\n\n\n@app.cell\ndef _():\n    class MSE:\n        pass\n    return (MSE,)\n"
)
PLOTS = b"import matplotlib.pyplot as plt\n\ndef draw(history):\n    plt.plot(history)\n"
JSON = b'{"rows": [1, 2], "cells": []}'


class HandIn(NamedTuple):
    """What is handed in, and the right choice.

    Attributes:
        files: bytes by path.
        right: the file to grade; empty where a person must choose, None where there is nothing to grade.
        also: modules out of which the rest is taken.
    """

    files: dict[str, bytes]
    right: str | None
    also: tuple[str, ...] = ()


COHORT = {
    # one file, under some name
    "as asked": HandIn({"tp1_functions.ipynb": notebook(*ALL)}, "tp1_functions.ipynb"),
    "a script as asked": HandIn({"tp1_functions.py": script(*ALL)}, "tp1_functions.py"),
    "with the student's name": HandIn({"TP1_Lovelace_Ada.ipynb": notebook(*ALL)}, "TP1_Lovelace_Ada.ipynb"),
    "a browser's ending": HandIn({"tp1_functions.ipynb.txt": notebook(*ALL)}, "tp1_functions.ipynb.txt"),
    "a mail's ending": HandIn({"tp1_functions.ipynb.json": notebook(*ALL)}, "tp1_functions.ipynb.json"),
    "saved as JSON": HandIn({"tp1.json": notebook(*ALL), "points.json": JSON}, "tp1.json"),
    "Python under a notebook's name": HandIn({"tp1_functions.ipynb": script(*ALL)}, "tp1_functions.ipynb"),
    "a script as text": HandIn({"main.py.txt": script(*ALL), "notes.txt": b"none"}, "main.py.txt"),
    "a hidden file": HandIn({".tp1_functions.ipynb": notebook(*ALL), "._tp1.ipynb": b"\0"}, ".tp1_functions.ipynb"),
    "beside what systems leave": HandIn(
        {"ada.ipynb": notebook(*ALL), "__MACOSX/._ada.ipynb": b"\0", ".DS_Store": b"\0", CHECKPOINT: notebook("MSE"),
         ".git/hooks/x.py": script(*ALL), "venv/lib/torch.py": b"", "._ada.ipynb": b"\0"}, "ada.ipynb"),
    # several scripts
    "a library and its main": HandIn(
        {"linear.py": script(*BY_HAND, *FUNCTIONS, *CHECK),
         "main.py": script(*DESCENT, head=STAR.format("linear"), end=TRAINS)}, "main.py"),
    "all in the library": HandIn(
        {"linear.py": script(*ALL), "main.py": script(head=STAR.format("linear"), end=TRAINS)}, "linear.py"),
    "a lab and its tools": HandIn(
        {"tp1.py": script(*ALL, head=HEAD + "from utils import draw\n"), "utils.py": PLOTS}, "tp1.py"),
    "tools that import the lab": HandIn(
        {"tp1.py": script(*ALL), "plots.py": STAR.format("tp1").encode() + PLOTS}, "tp1.py"),
    "a data script beside": HandIn({"tme1.py": script(*ALL), "datamaestro_load.py": DATA}, "tme1.py"),
    "tests beside": HandIn({"main.py": script(*ALL), "test_main.py": TESTS}, "main.py"),
    "a package's init beside": HandIn({"__init__.py": b"", "functions.py": script(*ALL)}, "functions.py"),
    "an init that gathers": HandIn(
        {"__init__.py": b"from .functions import *\n", "functions.py": script(*ALL), "plots.py": PLOTS},
        "functions.py"),
    "three layers": HandIn(
        {"a_functions.py": script(*FUNCTIONS), "b_check.py": script(*BY_HAND, *CHECK, head=STAR.format("a_functions")),
         "c_descent.py": script(*DESCENT, head=STAR.format("b_check"))}, "c_descent.py"),
    "the given skeleton beside": HandIn({"tp1.py": SKELETON, "tp1_Curie.py": script(*ALL)}, "tp1_Curie.py"),
    "the skeleton under the right name": HandIn(
        {"tp1_functions.py": SKELETON, "mine.py": script(*ALL)}, "mine.py"),
    "the lab's module imported as a module": HandIn(
        {"functions.py": script(*BY_HAND, *FUNCTIONS, *CHECK),
         "descent.py": script(*DESCENT, head="import torch\nimport functions\nfrom functions import mse, linear\n")},
        "descent.py", ("functions",)),
    "a script per question": HandIn(
        {"question1.py": script(*BY_HAND), "question2.py": script(*FUNCTIONS, *CHECK),
         "question3.py": script("Context", "MSE", "Linear", *DESCENT, head=HEAD + "mse, linear = None, None\n")},
        "question3.py", ("question1", "question2")),
    "two halves": HandIn(
        {"partie1.py": script(*BY_HAND), "partie2.py": script(*FUNCTIONS, *CHECK, *DESCENT)},
        "partie2.py", ("partie1",)),
    "halves that no module can name": HandIn(
        {"partie 1.py": script(*BY_HAND), "partie 2.py": script(*FUNCTIONS, *CHECK, *DESCENT)}, ""),
    "two unlike halves of the same": HandIn(
        {"ada.py": script(*FUNCTIONS, "train_batch"), "bob.py": other(*FUNCTIONS, "train_sgd")}, ""),
    "two authors": HandIn({"ada.py": script(*ALL), "bob.py": other(*ALL)}, ""),
    "strangers without the names": HandIn({"foo.py": b"def f(): return 1\n", "bar.py": b"def g(): return 2\n"}, ""),
    "one tries, one does": HandIn({"essai.py": script("MSE"), "rendu.py": script(*ALL)}, "rendu.py"),
    "a library in a script's folder": HandIn(
        {"lib/tools.py": PLOTS, "main.py": script(*ALL)}, "main.py"),
    # versions and copies
    "an old version": HandIn({"tp1.py": script(*ALL), "tp1_old.py": other(*ALL)}, "tp1.py"),
    "an old version that had more": HandIn(
        {"tp1.py": script(*FUNCTIONS, *DESCENT), "tp1_old.py": other(*ALL)}, "tp1.py"),
    "a file manager's copy": HandIn({"tp1.py": script(*ALL), "tp1 (copie).py": other(*ALL)}, "tp1.py"),
    "a second version": HandIn({"tp1.py": other(*ALL), "tp1_v2.py": script(*ALL)}, "tp1_v2.py"),
    "three versions": HandIn(
        {"tp1_v1.py": other(*FUNCTIONS), "tp1_v2.py": other(*ALL), "tp1_v10.py": script(*ALL)}, "tp1_v10.py"),
    "a final version": HandIn({"tp1_v3.py": other(*ALL), "tp1_final.py": script(*ALL)}, "tp1_final.py"),
    "the same twice": HandIn({"main.py": script(*ALL), "tp1.py": script(*ALL)}, "main.py"),
    "the same but for a comment": HandIn(
        {"main.py": script(*ALL), "zz.py": b"# handed in late\n" + script(*ALL)}, "main.py"),
    "the notebook and its script": HandIn(
        {"Ada.ipynb": notebook(*ALL), "Ada.py": script(*ALL)}, "Ada.ipynb"),
    "the right name and a draft": HandIn(
        {"tp1_functions.ipynb": notebook(*ALL), "brouillon.ipynb": notebook("MSE")}, "tp1_functions.ipynb"),
    "the right name and another try": HandIn(
        {"tp1_functions.py": script(*ALL), "essai2.py": other(*ALL)}, "tp1_functions.py"),
    "a download twice": HandIn(
        {"tp1_functions.ipynb": notebook("MSE"), "tp1_functions (1).ipynb": notebook(*ALL)}, "tp1_functions (1).ipynb"),
    "copies of copies": HandIn(
        {"tp1_functions (1).ipynb": notebook("MSE"), "tp1_functions (2).ipynb": notebook(*ALL),
         "TP1_functions.ipynb": notebook()}, "tp1_functions (2).ipynb"),
    "a saved state beside": HandIn(
        {"Tp1_functions.ipynb": notebook(*ALL), "tp1_functions-checkpoint.ipynb": notebook("MSE", "Linear")},
        "Tp1_functions.ipynb"),
    "only a saved state was worked on": HandIn(
        {"tp1_functions.ipynb": notebook(), "tp1_functions-checkpoint.ipynb": notebook(*ALL)}, ""),
    # the untouched notebook
    "a copy of Colab's": HandIn(
        {"tp1_functions.ipynb": notebook(), "Copy of tp1_functions.ipynb": notebook(*ALL)},
        "Copy of tp1_functions.ipynb"),
    "a French copy of Colab's": HandIn(
        {"tp1_functions.ipynb": looked_at(), "Copie de tp1_functions.ipynb": notebook(*ALL, language="en")},
        "Copie de tp1_functions.ipynb"),
    "untouched, and a script": HandIn(
        {"tp1_functions.ipynb": notebook(), "tp1.py": script(*ALL)}, "tp1.py"),
    "run but not done, and a script": HandIn(
        {"tp1_functions.ipynb": looked_at("en"), "main.py": script(*ALL)}, "main.py"),
    "begun, and finished elsewhere": HandIn(
        {"tp1_functions.ipynb": notebook("grad_mse"), "tp1_Ada.ipynb": notebook(*ALL)}, "tp1_Ada.ipynb"),
    "both languages, one done": HandIn(
        {"fr.ipynb": notebook(), "en.ipynb": notebook(*ALL, language="en")}, "en.ipynb"),
    "nothing done": HandIn({"tp1_functions.ipynb": notebook(), "plots.py": PLOTS}, "tp1_functions.ipynb"),
    "a notebook that calls its script": HandIn(
        {"ada.ipynb": notebook("grad_mse", "grad_linear", metadata=False).replace(b"import math", b"from lab import *"),
         "lab.py": script(*FUNCTIONS, *CHECK, *DESCENT, "grad_cost")}, "ada.ipynb"),
    # folders
    "a repository's archive": HandIn(
        {"tp1-ada-main/README.md": b"# tp1", "tp1-ada-main/tp1/tp1_functions.ipynb": notebook(*ALL),
         "tp1-ada-main/.github/check.py": b"x = 1\n"}, "tp1-ada-main/tp1/tp1_functions.ipynb"),
    "code beside a report": HandIn(
        {"rapport.pdf": PDF, "code/tp1.ipynb": notebook(*ALL)}, "code/tp1.ipynb"),
    "a repository of all labs": HandIn(
        {"amal/tp0/value.py": b"class Value:\n    pass\n", "amal/tp1/main.py": script(*ALL),
         "amal/tp2/tp2.py": b"class Tanh:\n    pass\n"}, "amal/tp1/main.py"),
    "only plots at the top": HandIn({"plots.py": PLOTS, "src/tp1.py": script(*ALL)}, "src/tp1.py"),
    "a folder with companions": HandIn(
        {"rendu/linear.py": script(*BY_HAND, *FUNCTIONS, *CHECK),
         "rendu/main.py": script(*DESCENT, head=STAR.format("linear"))}, "rendu/main.py"),
    "the right name in two folders": HandIn(
        {"ada/tp1_functions.py": script(*ALL), "bob/tp1_functions.py": other(*ALL)}, ""),
    "two folders, one finished": HandIn(
        {"avant/tp1_functions.py": script("MSE"), "apres/tp1_functions.py": script(*ALL)}, "apres/tp1_functions.py"),
    "an environment below": HandIn(
        {"p/pyvenv.cfg": b"", "p/lib/x.py": script(*ALL), "w/venv/y.py": script(*ALL), "w/tp1.py": script("MSE")},
        "w/tp1.py"),
    # what cannot be graded
    "an export": HandIn({"tp1_functions.html": PAGE, "tp1_functions.pdf": PDF}, None),
    "a PDF in a folder": HandIn({"rendu/tp1.pdf": PDF}, None),
    "an archive": HandIn({"tp1.zip": b"PK\x03\x04"}, None),
    "nothing": HandIn({"README": b"later"}, None),
    "a page, and the script": HandIn({"tp1_functions.ipynb": PAGE, "tp1.py": script(*ALL)}, "tp1.py"),
    "a page alone": HandIn({"tp1_functions.ipynb": PAGE}, "tp1_functions.ipynb"),
    "marimo, and the script": HandIn({"a_marimo.py": MARIMO, "tp1.py": script(*ALL)}, "tp1.py"),
}  # fmt: skip


def write(hand_in: HandIn, folder: Path) -> Path:
    """Write a hand-in into a folder, and return it."""
    for name, data in hand_in.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder
