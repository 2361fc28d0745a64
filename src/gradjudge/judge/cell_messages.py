"""Sentences for the student about what became of cells."""

from __future__ import annotations

from gradjudge.course.hand_in.cell_text import plain_python
from gradjudge.course.hand_in.submission import Cell
from gradjudge.judge.proxy.causes import cause_words
from gradjudge.judge.proxy.failures import known_name, over_limit
from gradjudge.text import Text
from gradjudge.wire.messages import Raised

#: Maximum bytes of a cell that is run.
LONGEST_CELL = 512 << 10

TOO_LONG = Text("was not run: it has more than {kb} kB of text", kb=LONGEST_CELL >> 10)
SKIPPED = Text("was not run: the time of the submission was used up")
OUT_OF_TIME = Text("was stopped because the time of all cells was used up; the rest was graded")


def failed(raised: Raised) -> Text:
    """Say what a cell raised and why, or which limit it ran into."""
    over = over_limit(raised.limit, raised.most)
    if over is not None:
        return over
    known = known_name(raised)
    if known == "NotImplementedError" and not raised.cause:
        return Text("is not done yet")
    name = Text("an exception") if known == "Exception" else known
    cause = cause_words(raised.cause, raised.name)
    return Text("raised {name}", name=name) if cause is None else Text("raised {name}: {cause}", name=name, cause=cause)


def stopped(seconds: float) -> Text:
    """Say that a cell was stopped at its time limit."""
    return Text("was stopped after {seconds}; the rest was graded", seconds=in_seconds(seconds))


def ended(over: Text | None) -> Text:
    """Say that a cell ended its session, and which limit it ran into, if any."""
    if over is None:
        return Text("ended the Python process; the rest was graded without it")
    return Text("{over} and was stopped; the rest was graded without it", over=over)


def cut(output_kb: int) -> Text:
    """Say that a cell's output was cut."""
    return Text("printed more than {kb} kB; what is beyond was left out, and costs nothing", kb=output_kb)


def unknown_magic(source: str, magic: str) -> Text | None:
    """Say what became of a cell with an unknown magic; None if no line of it begins with that magic."""
    if not any(line.removeprefix("%%").split()[:1] == [magic] for line in source.split("\n") if line[:2] == "%%"):
        return None
    if not (plain_python(source) or "").strip():  # empty, or another language
        return Text("was not run: %%{magic} is not known here", magic=magic)
    return Text("was run without %%{magic}, which is not known here; that costs nothing", magic=magic)


def of_cell(cell: Cell, done: Text, at: int = 0) -> Text:
    """Say what a cell (or a statement of a script) did, and at which of its lines; `at` is 0 if unknown."""
    if cell.mode == "python" and at:
        return Text("the code at line {line} {done}", line=at, done=done)
    if cell.mode == "python":
        return Text("the code from line {line} on {done}", line=cell.line, done=done)
    if at:
        return Text("code cell {number}, line {line}, {done}", number=cell.number, line=at, done=done)
    return Text("code cell {number} {done}", number=cell.number, done=done)


def in_seconds(seconds: float) -> Text:
    """Write a time limit; some languages use a decimal comma."""
    whole, _, fraction = f"{seconds:g}".partition(".")
    return Text("{whole}.{fraction} s", whole=whole, fraction=fraction) if fraction else Text("{whole} s", whole=whole)
