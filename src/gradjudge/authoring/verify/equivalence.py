"""Decide whether a mutant is equivalent: no value differs in a run of the whole notebook.

The instructor's notebook is run with the mutated cell, its visible checks and training included. What it prints, and
every number and tensor that it leaves behind, is compared bit for bit with unchanged runs, except for words that differ
between three of those (times). The hidden tests have no part in this, so a weak test cannot make a mutant look
equivalent. An evasive mutant whose trigger the notebook may never meet does not count as equivalent.
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
            item = item.item()  # numbers compare equal whatever their type
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

#: The prefix of the first line of each cell's output.
_CELL = re.compile(r"^\[\d+\] ", re.MULTILINE)

UNCHANGED = 3
#: Most lines of a warning after the first.
LONGEST_WARNING = 4

Run = Callable[[Path], Report]


class Equivalence:
    """Compare changed runs of one solution with the unchanged one.

    Args:
        source: the instructor's notebook.
        assignment: its rubric.
        language: of the cells to run.
        folder: for the notebooks.
        run: runs a notebook in a jailed session and returns the report.
    """

    def __init__(self, source: Source, assignment: Assignment, language: str, folder: Path, run: Run) -> None:
        self._notebook = make_solution(source, assignment, language)
        self._names = [cell.grade_id or cell.cell_id for cell in source.in_language(language)]
        self._folder = folder
        self._run = run
        self._lock = Lock()
        self._unchanged: list[list[list[str]]] | None = None

    def holds(self, mutant: Mutant) -> bool:
        """Tell whether the mutated notebook leaves the same values and prints the same lines. Thread-safe."""
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
    """Drop warnings: the message of up to some lines, and the indented line of code below."""
    inside = 0
    for line in lines:
        if "Warning: " in line:
            inside = LONGEST_WARNING
        elif inside:
            inside = 0 if line.startswith("  ") else inside - 1
        else:
            yield line


def _agree(line: list[str], unchanged: Sequence[list[str]]) -> bool:
    """Compare a line with the unchanged runs, ignoring words that differ between those."""
    if len({len(other) for other in unchanged}) != 1:
        return True  # even the number of words differs: nothing to compare
    if len(line) != len(unchanged[0]):
        return False
    return all(word == others[0] for word, *others in zip(line, *unchanged, strict=True) if len(set(others)) == 1)
