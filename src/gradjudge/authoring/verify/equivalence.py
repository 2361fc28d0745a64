"""Tell whether a mutant is no mistake at all: the same values everywhere in the notebook's own run.

The instructor's notebook is run with the changed cell in it, and so are its visible checks, its training and its
pictures' data. What it prints, and every number and tensor that it leaves behind, is compared with the unchanged run,
bit for bit. Where all is the same, the change is called equivalent: nobody can see it in the course's own work. Words
that differ between three unchanged runs (times) are not compared. The hidden tests have no part in this, so a weak test
cannot make a mutant look equivalent. An evasive mutant that waits for inputs that the notebook has not is never called
so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from tempfile import mkdtemp
from threading import Lock

from gradjudge.authoring.release.execute import settled_text
from gradjudge.authoring.release.generation import make_solution
from gradjudge.authoring.release.source_notebook import Source, dump_notebook
from gradjudge.authoring.verify.evasive import ALWAYS
from gradjudge.authoring.verify.mutants import Mutant
from gradjudge.course.rubric import Assignment
from gradjudge.reports.record import Report

#: Prints one line for each value that the notebook leaves behind.
TRACE = """
def _trace():
    import hashlib

    import numpy
    import torch

    def parts(item, depth=0):
        if isinstance(item, (torch.Tensor, numpy.ndarray)) and not item.shape:
            item = item.item()  # a number is a number, in whatever form it is kept
        if isinstance(item, torch.Tensor):
            item = item.detach() + 0 if item.is_floating_point() else item  # -0.0 is 0.0
            yield f"{item.dtype} {tuple(item.shape)}".encode() + item.detach().contiguous().numpy().tobytes()
        elif isinstance(item, torch.nn.Module):
            yield from parts(list(item.state_dict().items()), depth + 1)
        elif isinstance(item, numpy.ndarray):
            yield f"{item.dtype} {item.shape}".encode() + item.tobytes()
        elif isinstance(item, (bool, int, float, str)):
            yield repr(item).encode()
        elif isinstance(item, (list, tuple)) and depth < 8:
            for inner in item:
                yield from parts(inner, depth + 1)
        elif isinstance(item, dict) and depth < 8:
            for key, inner in item.items():
                yield repr(key).encode()
                yield from parts(inner, depth + 1)
        elif type(item).__module__ == "__main__" and hasattr(item, "__dict__") and depth < 8:
            yield from parts(vars(item), depth + 1)

    for name, item in sorted(globals().items()):
        if not name.startswith("_") and name not in ("In", "Out", "exit", "quit"):
            digest = hashlib.sha256()
            for part in parts(item):
                digest.update(part)
            print("value", name, digest.hexdigest()[:16])


_trace()
"""

#: What stands before the first line of each cell's output, which may be a warning.
_CELL = re.compile(r"^\[\d+\] ", re.MULTILINE)

UNCHANGED = 3
#: Lines of a warning at most, besides the first.
LONGEST_WARNING = 4

Run = Callable[[Path], Report]


class Equivalence:
    """Compare changed runs of one solution with the unchanged one.

    Args:
        source: the instructor's notebook.
        assignment: its rubric.
        language: the language whose cells are run.
        folder: for notebooks.
        run: runs a notebook in a session, jailed, and gives its report.
    """

    def __init__(self, source: Source, assignment: Assignment, language: str, folder: Path, run: Run) -> None:
        self._notebook = make_solution(source, assignment, language)
        self._names = [cell.grade_id or cell.cell_id for cell in source.in_language(language)]
        self._folder = folder
        self._run = run
        self._lock = Lock()
        self._unchanged: list[list[list[str]]] | None = None

    def holds(self, mutant: Mutant) -> bool:
        """Tell whether the changed notebook leaves the same values and prints the same lines; for any thread."""
        if mutant.kind == "evasive" and mutant.operator not in ALWAYS:
            return False
        with self._lock:
            if self._unchanged is None:
                self._unchanged = [self._words("", "") for _ in range(UNCHANGED)]
        changed = self._words(mutant.cell, mutant.changed)
        if len({len(changed), *map(len, self._unchanged)}) != 1:
            return False
        return all(_agree(line, others) for line, *others in zip(changed, *self._unchanged, strict=True))

    def _words(self, cell: str, text: str) -> list[list[str]]:
        return [line.split() for line in self._lines(cell, text)]

    def _lines(self, cell: str, text: str) -> list[str]:
        cells = [dict(one) for one in json.loads(json.dumps(self._notebook))["cells"]]
        for one, name in zip(cells, self._names, strict=True):
            if cell and name == cell:
                one["source"] = text
        trace = {"cell_type": "code", "id": "trace", "metadata": {}, "source": TRACE, "outputs": []}
        notebook = {**self._notebook, "cells": [*cells, {**trace, "execution_count": None}]}
        folder = Path(mkdtemp(dir=self._folder))
        path = folder / "probe.ipynb"
        path.write_bytes(dump_notebook(notebook))
        report = self._run(path)
        failed = [f"cell {one.index} {one.state}" for one in report.verdict.cells]
        printed = _CELL.sub("", settled_text(report.run.output, str(folder))).splitlines()
        return [*_without_warnings(printed), *failed]


def _without_warnings(lines: Iterable[str]) -> Iterator[str]:
    """Leave out warnings: the text, which may go on, and the line of code that Python puts below, which is indented."""
    inside = 0
    for line in lines:
        if "Warning: " in line:
            inside = LONGEST_WARNING
        elif inside:
            inside = 0 if line.startswith("  ") else inside - 1
        else:
            yield line


def _agree(line: list[str], unchanged: Sequence[list[str]]) -> bool:
    """Compare the words of a line that are the same in all unchanged runs."""
    if len({len(other) for other in unchanged}) != 1:
        return True  # not even the number of words is: there is nothing to compare
    if len(line) != len(unchanged[0]):
        return False
    return all(word == others[0] for word, *others in zip(line, *unchanged, strict=True) if len(set(others)) == 1)
