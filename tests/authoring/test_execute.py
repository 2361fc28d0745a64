"""Executing a solution, with reproducible outputs."""

from __future__ import annotations

import io
from typing import Any

import pytest
from matplotlib.figure import Figure

from gradjudge.authoring.release.execute import execute, settled_text, without_notes
from gradjudge.authoring.release.source_notebook import SourceCell, cell_json, notebook_of
from gradjudge.errors import CourseError


def notebook(*sources: str) -> dict[str, Any]:
    """Return a notebook of code cells."""
    cells = [SourceCell(place, f"c{place}", "code", source, "", {}, ()) for place, source in enumerate(sources)]
    return notebook_of([cell_json(cell, cell.source, {}) for cell in cells], {})


def test_settled_text() -> None:
    """Addresses, times and the scratch folder's path are removed; numbers and words stay."""
    text = "<f at 0x7f3a2b> 12.5 ms, 3 s, 1e-3 seconds in /tmp/x/runs; 3 steps, loss 0.25, 5 shapes, s = 2"
    assert settled_text(text, "/tmp/x") == ("<f at 0x…> … s, … s, … s in …/runs; 3 steps, loss 0.25, 5 shapes, s = 2")


def test_png_notes() -> None:
    """Without its notes, a figure has the same bytes in every version of the library, and is still a picture."""
    pictures = []
    for software in ("one", "another"):
        buffer = io.BytesIO()
        Figure(figsize=(1, 1)).savefig(buffer, format="png", metadata={"Software": software})
        pictures.append(buffer.getvalue())
    assert pictures[0] != pictures[1]
    bare = without_notes(pictures[0])
    assert bare == without_notes(pictures[1])
    assert bare.endswith(b"IEND\xaeB`\x82")
    assert without_notes(b"no picture") == b"no picture"


def test_environment() -> None:
    """A solution runs without network, home and cached data, in an empty temporary folder."""
    done = execute(
        notebook(
            "import os, urllib.request\nprint(os.listdir('.'), os.environ['OMP_NUM_THREADS'])",
            "try:\n    urllib.request.urlopen('http://example.org', timeout=5)\nexcept OSError as e:\n    print(e)",
        ),
        seconds=20,
        name="lab",
    )
    first, second = ("".join(cell["outputs"][0]["text"]) for cell in done["cells"])
    assert first == "[] 1\n"
    assert "refused" in second


def test_slow_cell() -> None:
    """A cell that exceeds its time is an error of the course."""
    with pytest.raises(CourseError, match="lab: a cell of the solution takes more than 1 s"):
        execute(notebook("import time; time.sleep(60)"), seconds=1, name="lab")


def test_dead_kernel() -> None:
    """A solution that ends its own process is an error of the course."""
    with pytest.raises(CourseError, match="lab: the solution ends its kernel"):
        execute(notebook("import os; os._exit(0)"), seconds=20, name="lab")
