"""`read_submission` on honest, odd and hostile files."""

from __future__ import annotations

import json
import os
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from gradjudge.course.hand_in.raw_files import LeftOut, read_companions
from gradjudge.course.hand_in.submission import (
    Submission,
    UnreadableSubmission,
    declared_assignment,
    read_hand_in,
    read_modules,
    read_submission,
)
from gradjudge.course.rubric import GradingLimits

LIMITS = GradingLimits()


def code(source: Any, **more: Any) -> dict[str, Any]:
    """Return a code cell as nbformat 4 stores it."""
    return {"cell_type": "code", "source": source, "metadata": {}, "outputs": [], "execution_count": None, **more}


def notebook(*cells: Any, **more: Any) -> bytes:
    """Return the bytes of a notebook of nbformat 4."""
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells), **more}).encode()


def read(folder: Path, data: bytes, name: str = "tp1.ipynb", limits: GradingLimits = LIMITS) -> Submission:
    """Write `data` under `name` and read it as a submission."""
    (folder / name).write_bytes(data)
    return read_submission(folder / name, assignment="tp1", limits=limits)


def left_out(folder: Path) -> tuple[LeftOut, ...]:
    """Return the files beside ``tp1.ipynb`` that the session does not get."""
    return read_hand_in(folder / "tp1.ipynb", LIMITS).left_out


def sources(submission: Submission) -> list[str]:
    """Return the sources of the cells."""
    return [cell.source for cell in submission.cells]


def refused(folder: Path, data: bytes, name: str = "tp1.ipynb", limits: GradingLimits = LIMITS) -> UnreadableSubmission:
    """Return the refusal of `data`, which must speak both languages."""
    with pytest.raises(UnreadableSubmission) as caught:
        read(folder, data, name, limits)
    assert caught.value.text.said("fr") != caught.value.text.said("en")
    return caught.value


def test_sources_come_as_text_or_as_lines(tmp_path: Path) -> None:
    """A source is one string or a list of lines; magics stay in it."""
    submission = read(tmp_path, notebook(code("%matplotlib inline\nx = 1"), code(["y = 2\n", "!ls"])))
    assert sources(submission) == ["%matplotlib inline\nx = 1", "y = 2\n!ls"]
    assert [(cell.index, cell.number, cell.mode) for cell in submission.cells] == [(0, 1, "ipython"), (1, 2, "ipython")]


def test_empty_cells_are_not_run_but_counted(tmp_path: Path) -> None:
    """The number of a cell is the one that a student counts, with the empty cells."""
    submission = read(tmp_path, notebook(code("a = 1"), code("  \n"), code("b = 1")))
    assert [(cell.index, cell.number) for cell in submission.cells] == [(0, 1), (1, 3)]


def test_nbformat_3(tmp_path: Path) -> None:
    """The cells of all worksheets are read, with their code in `input`."""
    first = {"cell_type": "code", "input": ["a = 1\n", "b = 2"], "language": "python", "outputs": []}
    second = [{"cell_type": "heading", "level": 1, "source": "t"}, {"cell_type": "code", "input": "c"}]
    sheets = [{"cells": [first]}, {"cells": second}]
    data = json.dumps({"nbformat": 3, "metadata": {"name": ""}, "worksheets": sheets}).encode()
    assert sources(read(tmp_path, data)) == ["a = 1\nb = 2", "c"]


@pytest.mark.parametrize("encode", [
    lambda text: b"\xef\xbb\xbf" + text.encode(),
    lambda text: text.encode("latin-1"),
    lambda text: text.encode("utf-16"),
    lambda text: text.replace("\\n", "\\r\\n").encode(),
])  # fmt: skip
def test_encodings_of_notebooks(tmp_path: Path, encode: Any) -> None:
    """A byte-order mark, Latin-1, UTF-16 and Windows line ends are read."""
    data = json.dumps({"cells": [code("x = 'é'\ny = 1")]}, ensure_ascii=False)
    assert sources(read(tmp_path, encode(data))) == ["x = 'é'\ny = 1"]


def test_bare_and_odd_parts(tmp_path: Path) -> None:
    """Missing or malformed metadata, ids and sources cost at most their own cell."""
    cells = [{"cell_type": "code", "source": "a"}, code("b", metadata=[1], id=3), code(None), code([1]),
             code("c", metadata={"nbgrader": {"grade_id": 7}}), {"cell_type": "new"}]  # fmt: skip
    submission = read(tmp_path, json.dumps({"cells": cells, "metadata": None}).encode())
    assert sources(submission) == ["a", "b", "c"]
    assert submission.language is None


def test_duplicate_ids(tmp_path: Path) -> None:
    """Cells that share an id are both run."""
    assert sources(read(tmp_path, notebook(code("a", id="x"), code("b", id="x")))) == ["a", "b"]


def test_null_bytes_and_half_characters(tmp_path: Path) -> None:
    """A null byte and half a surrogate pair stay in their own cell, as text that can be sent on."""
    texts = [rb"a\u0000", rb"b\ud83d", rb"c\ud83d\ude00", rb"d\\ud83d", rb"e\udE00\ud83d"]
    cells = b",".join(b'{"cell_type": "code", "source": "%s"}' % text for text in texts)
    data = b'{"cells": [%s], "metadata": "\\ud83d"}' % cells
    submission = read(tmp_path, data)
    assert sources(submission) == ["a\0", "b\ufffd", "c😀", r"d\ud83d", "e\ufffd\ufffd"]


def test_outputs_are_skipped(tmp_path: Path) -> None:
    """10 MB of outputs take no memory but the file's own few copies."""
    data = notebook(code("a", outputs=[{"output_type": "display_data", "data": {"image/png": "x" * 10_000_000}}]))
    (tmp_path / "tp1.ipynb").write_bytes(data)
    tracemalloc.start()
    submission = read_submission(tmp_path / "tp1.ipynb", assignment="tp1", limits=LIMITS)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sources(submission) == ["a"]
    assert peak < 4 * len(data)


def test_too_large(tmp_path: Path) -> None:
    """A file over the limit is refused by its size, unread."""
    limits = GradingLimits(notebook_mb=1)
    refusal = refused(tmp_path, notebook(code("a", outputs=["x" * (100 << 20)])), limits=limits)
    told = "Your file is too large: 100.0 MB, and at most 8 MB are read. Clear its outputs and save it."
    assert str(refusal.text) == told


def test_outputs_may_be_larger_than_the_notebook(tmp_path: Path) -> None:
    """The limit applies to what is left without outputs, pictures in texts and widget state."""
    limits = GradingLimits(notebook_mb=1)
    long = "x" * 1_000_000
    display = {"output_type": "display_data", "data": {"text/plain": [']"}', long, {"a": [long]}]}}
    text = {"cell_type": "markdown", "source": "t", "metadata": {}, "attachments": {"a.png": {"image/png": long}}}
    cells = [code("a", outputs=[display, display]), text, code('b = {"outputs": [1]}', outputs=[display])]
    data = notebook(*cells, metadata={"widgets": {"state": {"a": long}}})
    assert len(data) > 5 << 20
    assert sources(read(tmp_path, data, limits=limits)) == ["a", 'b = {"outputs": [1]}']
    refusal = refused(tmp_path, notebook(code(2 * long), code("a", outputs=[display])), limits=limits)
    assert str(refusal.text).startswith("Your file is too large: 3.8 MB, and at most 1 MB")


def test_numbers_that_json_has_not(tmp_path: Path) -> None:
    """Python and nbformat write NaN and Infinity; in a text they are left as they are."""
    numbers = [float("nan"), float("inf"), -float("inf"), "NaN"]
    output = {"output_type": "execute_result", "data": {"application/json": numbers}, "metadata": {"x": numbers}}
    data = notebook(code("x = 'NaN' # \"Infinity\"", outputs=[output], metadata={"scores": numbers}))
    assert b"-Infinity" in data
    assert sources(read(tmp_path, data)) == ["x = 'NaN' # \"Infinity\""]


def test_python_under_a_notebooks_name_and_the_reverse(tmp_path: Path) -> None:
    """The content counts, and a remark says what the name should be."""
    script = read(tmp_path, b"import torch\nx = (\ny = 1\n")
    assert (script.kind, script.cells[0].mode) == ("script", "python")
    assert str(script.remarks[0].text) == (
        "tp1.ipynb holds Python text, and was run as such: its name should end with .py."
    )
    swapped = read(tmp_path, notebook(code("a = 1")), "tp1.py")
    assert (swapped.kind, sources(swapped)) == ("notebook", ["a = 1"])
    assert swapped.remarks[0].text.said("fr").startswith("tp1.py contient un notebook")
    assert read(tmp_path, b'{"cells": 1}\n', "tp1.py").kind == "script"
    assert "not a Jupyter notebook" in str(refused(tmp_path, b"Dear teacher,\nhere is my work.\n").text)


@pytest.mark.parametrize(("name", "data", "words"), [
    ("tp1.ipynb", b"\n<!DOCTYPE html>\n<html>", "tp1.ipynb is a web page, which cannot be graded."),
    ("tp1.ipynb", b"%PDF-1.7\n%", "tp1.ipynb is a PDF"),
    ("tp1.ipynb", b"PK\x03\x04rest", "tp1.ipynb is an archive"),
    ("tp1.ipynb", b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "`git lfs pull` fetches it"),
    ("tp1.py", b"import marimo\n\napp = marimo.App()\n\n@app.cell\ndef _():\n    return\n", "`marimo export ipynb"),
])  # fmt: skip
def test_what_no_grader_can_read(tmp_path: Path, name: str, data: bytes, words: str) -> None:
    """The message says what the file is, and what to hand in."""
    refusal = refused(tmp_path, data, name)
    assert words in str(refusal.text)
    assert "Hand in the Jupyter notebook itself" in str(refusal.text)


def test_lines_that_are_run_afterwards(tmp_path: Path) -> None:
    """They are cells of the submission's own kind, after its last."""
    (tmp_path / "tp1.py").write_text("a = 1\nb = 2\n")
    more = {"assignment": "tp1", "limits": LIMITS, "also": ("from c import d",)}
    cells = read_submission(tmp_path / "tp1.py", **more).cells  # type: ignore[arg-type]
    assert [(cell.index, cell.mode, cell.line) for cell in cells] == [
        (0, "python", 1),
        (1, "python", 2),
        (2, "python", 3),
    ]
    (tmp_path / "tp1.ipynb").write_bytes(notebook(code("a")))
    cells = read_submission(tmp_path / "tp1.ipynb", **more).cells  # type: ignore[arg-type]
    assert [(cell.source, cell.mode, cell.number) for cell in cells][1:] == [("from c import d", "ipython", 2)]


def test_too_many_cells(tmp_path: Path) -> None:
    """100 000 cells are counted and refused."""
    refusal = refused(tmp_path, notebook(*[{"cell_type": "code"}] * 100_000))
    assert refusal.text.said("fr") == "Votre notebook a 100000 cellules\u00a0; 500 au plus sont lues."


@pytest.mark.parametrize("data", [
    b"x + 1\n", b"[]", b"{}", b'{"cells": 3}', b'{"cells": [{}]}', b'{"cells": [{"cell_type": "code", "source": "half',
    b"\x89PNG\r\n", b'{"cells": ' + b"[" * 1_000_000, b'{"x": ' + b'{"a":' * 1_000_000, b"\x00" * 5000,
])  # fmt: skip
def test_not_a_notebook(tmp_path: Path, data: bytes) -> None:
    """Anything else, half a notebook and endless nesting are refused with a plain message."""
    assert "not a Jupyter notebook" in str(refused(tmp_path, data).text)


def test_deep_nesting_inside_a_cell(tmp_path: Path) -> None:
    """Deep nesting in unused metadata makes the file unreadable, and does not crash the reader."""
    deep = '{"cells": [{"cell_type": "code", "source": ' + "[" * 500_000 + "]" * 500_000 + "}]}"
    assert "recursion" in refused(tmp_path, deep.encode()).detail


def test_empty_file(tmp_path: Path) -> None:
    """An empty file is said to be empty."""
    assert str(refused(tmp_path, b" \n").text) == "Your file is empty."


def test_language(tmp_path: Path) -> None:
    """The release's language is read, if it is one of ours."""
    metadata = {"gradjudge": {"language": "en"}, "kernelspec": {"name": "ir"}}
    assert read(tmp_path, notebook(code("x"), metadata=metadata)).language == "en"
    assert read(tmp_path, notebook(metadata={"gradjudge": {"language": "xx"}})).language is None


def test_declared_assignment(tmp_path: Path) -> None:
    """A release names its assignment; other files name none."""
    files = {
        "a.ipynb": notebook(metadata={"gradjudge": {"assignment": "tp1", "language": "fr"}}),
        "b.ipynb": notebook(),
        "c.ipynb": b"no notebook",
        "d.py": notebook(metadata={"gradjudge": {"assignment": "tp1"}}),
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    said = [declared_assignment(tmp_path / name) for name in [*files, "absent.ipynb"]]
    assert said == ["tp1", "", "", "", ""]


def test_links_fifos_and_folders_are_refused(tmp_path: Path) -> None:
    """Nothing is followed, and nothing blocks."""
    (tmp_path / "secret.ipynb").write_bytes(notebook(code("a")))
    (tmp_path / "soft.ipynb").symlink_to(tmp_path / "secret.ipynb")
    os.mkfifo(tmp_path / "fifo.ipynb")
    (tmp_path / "folder.ipynb").mkdir()
    expected = {"soft": "link", "fifo": "ordinary", "folder": "ordinary"}
    for name, word in expected.items():
        with pytest.raises(UnreadableSubmission) as caught:
            read_submission(tmp_path / f"{name}.ipynb", assignment="tp1", limits=LIMITS)
        assert word in str(caught.value.text)


def test_what_cannot_be_read_is_no_fault_of_the_students(tmp_path: Path) -> None:
    """A missing file or a failing disk is an error of ours, never a verdict."""
    with pytest.raises(FileNotFoundError):
        read_submission(tmp_path / "gone.ipynb", assignment="tp1", limits=LIMITS)
    with pytest.raises(FileNotFoundError):
        read_companions(tmp_path / "gone" / "tp1.ipynb", LIMITS)


def test_hard_links_are_refused(tmp_path: Path) -> None:
    """It could be someone else's file."""
    (tmp_path / "secret.ipynb").write_bytes(notebook(code("a")))
    (tmp_path / "mine.ipynb").hardlink_to(tmp_path / "secret.ipynb")
    with pytest.raises(UnreadableSubmission, match="2 hard links"):
        read_submission(tmp_path / "mine.ipynb", assignment="tp1", limits=LIMITS)


def test_companions(tmp_path: Path) -> None:
    """Modules and data beside the file go along; what Python or pytest would pick up, and links, do not."""
    for name in ("model.py", "points.csv", "conftest.py", "Torch.py", "random.py", "evil.so", "x.pth", ".hidden.py"):
        (tmp_path / name).write_text("1")
    (tmp_path / "link.py").symlink_to("/etc/passwd")
    (tmp_path / "hard.py").hardlink_to(tmp_path / "x.pth")
    os.mkfifo(tmp_path / "fifo.py")
    submission = read(tmp_path, notebook())
    assert submission.companions == {"model.py": b"1", "points.csv": b"1"}
    left = {entry.name: entry.reason for entry in left_out(tmp_path)}
    assert set(left) == {
        *("conftest.py", "Torch.py", "random.py", "evil.so", "x.pth", "link.py", "hard.py", "fifo.py", ".hidden.py")
    }
    assert left["link.py"] == left["fifo.py"] == "not a regular file"


def test_a_module_that_python_would_read_otherwise_is_left_out(tmp_path: Path) -> None:
    """A reader would not see what runs; data files may begin as they like."""
    (tmp_path / "hidden.py").write_text("# coding: utf-7\n# +AAo-x=1")
    (tmp_path / "plain.py").write_text("# coding: latin-1\nx = 1")
    (tmp_path / "points.csv").write_text("# coding: utf-7\n1,2")
    submission = read(tmp_path, notebook())
    assert tuple(submission.companions) == ("plain.py", "points.csv")
    assert left_out(tmp_path) == (LeftOut("hidden.py", "a module that asks to be read as utf-7", "encoding"),)


def test_the_text_of_modules(tmp_path: Path) -> None:
    """Companions as Python decodes them, and modules that cells write, in order."""
    (tmp_path / "model.py").write_bytes("# coding: latin-1\né = 1".encode())
    cells = ("%%writefile model.py\nx = 2", "%%writefile -a other.py\ny = 1\n", "%%file other.py\ny = 2\n")
    submission = read(tmp_path, notebook(*(code(cell) for cell in cells)))
    assert read_modules(submission) == {
        "model": "# coding: latin-1\nÃ© = 1\nx = 2",
        "other": "\ny = 1\n\ny = 2\n",
    }


def test_a_companion_that_changes_later_changes_nothing(tmp_path: Path) -> None:
    """Everything is read once; the folder is not needed any more."""
    (tmp_path / "model.py").write_text("x = 1")
    submission = read(tmp_path, notebook())
    (tmp_path / "model.py").unlink()
    (tmp_path / "model.py").symlink_to("/etc/passwd")
    assert submission.companions == {"model.py": b"x = 1"}
    assert read_modules(submission) == {"model": "x = 1"}


def test_companions_are_bounded(tmp_path: Path) -> None:
    """Number and total size of the companions are bounded, and what exceeds them is named."""
    for number in range(40):
        (tmp_path / f"m{number:02}.py").write_text("1")
    (tmp_path / "a.csv").write_bytes(b"0" * (9 << 20))
    submission = read(tmp_path, notebook())
    assert len(submission.companions) == 30
    assert [entry.name for entry in left_out(tmp_path)][:2] == ["a.csv", "m30.py"]


def test_companions_share_one_bound(tmp_path: Path) -> None:
    """Files that are small enough alone are not all taken if they are too large together."""
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_bytes(b"0" * (5 << 20))
    assert tuple(read(tmp_path, notebook()).companions) == ("a.csv",)


def test_digest_covers_companions(tmp_path: Path) -> None:
    """The digest changes with the file, with a companion's bytes and name, and with nothing else."""
    before = read(tmp_path, notebook(code("a"))).digest
    (tmp_path / "runs.log").write_text("1")
    assert read(tmp_path, notebook(code("a"))).digest == before
    (tmp_path / "model.py").write_text("1")
    one = read(tmp_path, notebook(code("a"))).digest
    (tmp_path / "model.py").rename(tmp_path / "models.py")
    two = read(tmp_path, notebook(code("a"))).digest
    (tmp_path / "models.py").write_text("2")
    assert len({before, one, two, read(tmp_path, notebook(code("a"))).digest}) == 4


def test_script(tmp_path: Path) -> None:
    """A script's statements are cells of mode python, padded to the file's own line numbers."""
    submission = read(tmp_path, b"# -*- coding: latin-1 -*-\r\nx = '\xe9'\r\n\r\nprint(x)\r\n", "tp1.py")
    assert submission.kind == "script"
    assert sources(submission) == ["# -*- coding: latin-1 -*-\nx = 'é'", "\n\n\nprint(x)\n".rstrip("\n") + "\n"]
    assert [(cell.line, cell.mode) for cell in submission.cells] == [(1, "python"), (3, "python")]


def test_large_scripts(tmp_path: Path) -> None:
    """A script of more than 256 kB, or of very many lines, is refused before it is parsed."""
    assert "too large" in str(refused(tmp_path, b"x = 1\n" * 50_000, "tp1.py").text)
    refusal = refused(tmp_path, b"\n" * 30_000, "tp1.py")
    assert str(refusal.text) == "Your script has 30001 lines; at most 20000 are read."
