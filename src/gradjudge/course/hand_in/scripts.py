"""Split a ``.py`` submission into pieces that run, and fail, on their own.

Most scripts fail somewhere (a missing module, a download), and would lose everything after that. So they are split into
top-level statements. A script that does not parse is split at its unindented lines: what parses runs.
"""

from __future__ import annotations

import ast
import re
import warnings

import msgspec

# An unindented line that continues the statement before it.
CONTINUES = re.compile(r"(else|elif|except|finally)\b|[)\]}#]")
COMPOUND = re.compile(r"(async|class|def|for|if|match|try|while|with)\b|@")
WIDEST_JOIN = 60  # blocks tried together, for decorators and multi-line strings
JOIN_COST = 20  # in lengths of the file: bounds the time spent on hostile files


class ScriptPiece(msgspec.Struct, frozen=True):
    """Consecutive lines of a script, from line `line` (from 1) of the file."""

    line: int
    source: str

    @property
    def padded(self) -> str:
        """The source after blank lines, so that errors show the file's line numbers."""
        return "\n" * (self.line - 1) + self.source


def split_script(text: str, most: int) -> list[ScriptPiece]:
    """Split a script into at most `most` pieces.

    A piece is one top-level statement with the comments above it; statements that share a line stay together, and so
    do neighbours in a script of more than `most` statements.
    """
    lines = text.split("\n")
    ends = _statement_ends(text, lines)
    if ends is None:
        ends = _recovered_ends(lines)
    share = -(-len(ends) // most) if most else 1
    ends = [*ends[share - 1 : -1 : share], len(lines)]
    pieces = []
    for start, end in zip([0, *ends], ends, strict=False):
        source = "\n".join(lines[start:end])
        if source.strip():
            pieces.append(ScriptPiece(start + 1, source))
    return pieces


def parses(source: str) -> bool:
    """Tell whether `source` is Python."""
    return _parse(source) is not None


def defines(source: str) -> bool:
    """Tell whether `source` is Python that imports or defines something."""
    tree = _parse(source)
    return tree is not None and any(isinstance(node, _DEFINING) for node in tree.body)


_DEFINING = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Assign)


def _parse(source: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about invalid escapes
            return ast.parse(source)
    except (SyntaxError, ValueError, MemoryError, RecursionError):  # null bytes; nesting beyond the parser
        return None


def _statement_ends(text: str, lines: list[str]) -> list[int] | None:
    """Return the line after which each top-level statement ends, or None if the text does not parse."""
    tree = _parse(text)
    if tree is None:
        return None
    ends: list[int] = []
    for node in tree.body:
        first = min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", ()))])
        if ends and (first <= ends[-1] or lines[ends[-1] - 1].rstrip().endswith("\\")):
            ends.pop()  # `a = 1; b = 2`, also with the line continued
        ends.append(node.end_lineno or node.lineno)
    return ends or [len(lines)]


def _recovered_ends(lines: list[str]) -> list[int]:
    """Return the last line of each piece of a text that does not parse."""
    blocks = _blocks(lines)
    budget = JOIN_COST * sum(len(line) + 1 for line in lines)
    ends: list[int] = []
    place = 0
    while place < len(blocks):
        start, end = blocks[place]
        joined = 1
        if not parses("\n".join(lines[start:end])):
            joined, cost = _join(lines, blocks, place, budget)
            budget -= cost
        if joined == 0:
            joined = 1
            if not COMPOUND.match(lines[start]) and end - start > 1 and parses(lines[start]):
                ends.append(start + 1)  # a statement followed by wrongly indented lines
        ends.append(blocks[place + joined - 1][1])
        place += joined
    return ends or [len(lines)]


def _blocks(lines: list[str]) -> list[tuple[int, int]]:
    """Split the lines before each unindented one that may begin a statement."""
    begin = [n for n, line in enumerate(lines) if line and not line[0].isspace() and not CONTINUES.match(line)]
    starts = [0, *(number for number in begin if number > 0)]
    return list(zip(starts, [*starts[1:], len(lines)], strict=True))


def _join(lines: list[str], blocks: list[tuple[int, int]], place: int, budget: int) -> tuple[int, int]:
    """Return how many blocks from `place` on parse together (0: none do), and the characters parsed."""
    start = blocks[place][0]
    cost = 0
    for count in range(2, min(WIDEST_JOIN, len(blocks) - place) + 1):
        source = "\n".join(lines[start : blocks[place + count - 1][1]])
        cost += len(source)
        if cost > budget:
            break
        if parses(source):
            return count, cost
    return 0, cost
