"""Solution markers: ``### BEGIN SOLUTION`` and ``### END SOLUTION``.

nbgrader looks for these words anywhere in a line and ignores a misspelt or unpaired marker, with the effect that it
replaces a whole cell, or publishes the solution. So a marker here is a line of its own, spelt exactly so.
"""

from __future__ import annotations

import difflib
import io
import re
import tokenize

import msgspec

KINDS = ("SOLUTION", "HIDDEN TESTS", "MARK SCHEME")  # nbgrader's kinds of regions
MARKERS = {f"### {side} {kind}": (side, kind) for kind in KINDS for side in ("BEGIN", "END")}
WORDS = re.compile(r"\b(BEGIN|END)[\s_-]*(SOLUTIONS?|HIDDEN[\s_-]*TESTS?|MARK[\s_-]*SCHEME)\b", re.IGNORECASE)
NEAR = 0.85  # similarity from which a comment counts as a misspelt marker: about one typo per word


class Region(msgspec.Struct, frozen=True):
    """A marked region: the lines from `first` to `last` (from 1), without the markers themselves."""

    kind: str
    first: int
    last: int


class Fault(msgspec.Struct, frozen=True):
    """Something wrong in line `line` (from 1) of a cell."""

    line: int
    text: str


def scan(source: str, *, code: bool) -> tuple[list[Region], list[Fault]]:
    """Find the marked regions of a cell, and faults in its markers.

    Args:
        source: the cell's text.
        code: whether it is Python, where a marker must be a comment.
    """
    faults: list[Fault] = []
    found: list[tuple[int, str, str]] = []
    lines = source.split("\n")
    for number, line in enumerate(lines, 1):
        stripped = line.strip()
        if stripped in MARKERS:
            found.append((number, *MARKERS[stripped]))
        elif complaint := _misspelt(stripped):
            faults.append(Fault(number, complaint))
    if code and found:
        faults += _not_comments(lines, [number for number, _, _ in found])
    regions, unpaired = _pair(found)
    return regions, sorted([*faults, *unpaired], key=lambda fault: fault.line)


def _misspelt(line: str) -> str:
    """Return what is wrong with a line that looks like a marker but is none; else empty."""
    if WORDS.search(line):
        return f"'{line}' is not a marker; write it on a line of its own as one of: {', '.join(MARKERS)}"
    if line.startswith("#"):
        words = [marker.removeprefix("### ") for marker in MARKERS]
        near = difflib.get_close_matches(line.lstrip("# ").upper(), words, n=1, cutoff=NEAR)
        if near:
            return f"'{line}' looks like a marker; did you mean '### {near[0]}'?"
    return ""


def _not_comments(lines: list[str], numbers: list[int]) -> list[Fault]:
    """Find markers that Python does not read as comments."""
    python = "\n".join("#" if re.match(r"\s*[%!]", line) else line for line in lines)  # magics are not Python
    comments: set[int] = set()
    try:
        for token in tokenize.generate_tokens(io.StringIO(python).readline):
            if token.type == tokenize.COMMENT:
                comments.add(token.start[0])
    except (tokenize.TokenError, SyntaxError) as error:
        return [Fault(numbers[0], f"the cell is not Python, so its markers cannot be told from strings: {error}")]
    text = "the marker is inside a string; nbgrader would cut there all the same"
    return [Fault(number, text) for number in numbers if number not in comments]


def _pair(found: list[tuple[int, str, str]]) -> tuple[list[Region], list[Fault]]:
    """Pair BEGIN with END of the same kind; regions do not nest or overlap."""
    regions: list[Region] = []
    faults: list[Fault] = []
    opened: tuple[int, str] | None = None
    for number, side, kind in found:
        if side == "BEGIN":
            if opened is not None:
                faults.append(Fault(number, f"'### BEGIN {kind}' before the region of line {opened[0]} ends"))
            opened = (number, kind)
        elif opened is None or opened[1] != kind:
            faults.append(Fault(number, f"'### END {kind}' without a '### BEGIN {kind}' before it"))
        else:
            regions.append(Region(kind, opened[0] + 1, number - 1))
            opened = None
    if opened is not None:
        faults.append(Fault(opened[0], f"'### BEGIN {opened[1]}' without a '### END {opened[1]}' after it"))
    return regions, faults


def marked_lines(source: str, kind: str = "SOLUTION") -> list[tuple[int, str]]:
    """Return number and text of each line in the regions of one kind."""
    lines = source.split("\n")
    regions, _ = scan(source, code=False)
    return [
        (number, lines[number - 1])
        for region in regions
        if region.kind == kind
        for number in range(region.first, region.last + 1)
    ]


def without_markers(source: str) -> str:
    """Return a cell's text without the lines of markers."""
    return "\n".join(line for line in source.split("\n") if line.strip() not in MARKERS)
