"""A submission's own text: a student is told names from the session only if they have written them."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache

from msgspec.structs import replace

from gradjudge.course.hand_in.cell_text import parse_cell
from gradjudge.course.hand_in.submission import Cell
from gradjudge.judge.proxy.failures import bounded_detail
from gradjudge.wire.exceptions import OPERATORS
from gradjudge.wire.messages import Raised

_WORD = re.compile(r"[^\W\d]\w*")
_DEFINES = re.compile(r"(?:def|class)\s++([^\W\d]\w*)|^\s*+([^\W\d]\w*)\s*+=(?!=)", re.MULTILINE)
_IMPORTS = re.compile(r"^[ \t]*+(?:from|import)\s[^\n]*", re.MULTILINE)
_OPERATORS = ("__neg__", *(f"__{side}{name}__" for name in OPERATORS.values() for side in ("", "r")))
_IMPORTING = ("import", "module")


class OwnText:
    """The text of a submission.

    Args:
        cells: its cells, by index.
        modules: source of its modules, by name.
    """

    def __init__(self, cells: Sequence[Cell], modules: Mapping[str, str] | None = None) -> None:
        self._cells = cells
        self._modules = modules or {}

    @cached_property
    def defined(self) -> frozenset[str]:
        """The names that the text defines: functions, classes, variables, attributes; not imports."""
        texts = (*(cell.source for cell in self._cells), *self._modules.values())
        return frozenset(name for text in texts for name in _defined(text))

    def told(self, raised: Raised, asked: Collection[str] = ()) -> Raised:
        """Return what the student may be told of an exception: cell and line, and a name that is written there.

        Cells are counted from 1, including empty ones. A line that the cell does not have, or a name that is not in the
        statement, may have been made up to carry hidden values out, and is removed.

        Args:
            raised: the session's report.
            asked: names in the request, which may be told as well; so may those of operators.
        """
        raised = replace(raised, text=bounded_detail(raised.text))
        if raised.place is None or not 0 <= raised.place[0] < len(self._cells):
            return replace(raised, place=None, name=raised.name if raised.name in (*asked, *_OPERATORS) else "")
        cell, line = self._cells[raised.place[0]], raised.place[1]
        if not cell.line <= line <= cell.source.count("\n") + 1:
            return replace(raised, place=None, name="")
        known = raised.name in (*asked, *_OPERATORS) or all(
            part in self._at(cell, line, raised) for part in raised.name.split(".")
        )
        return replace(raised, place=(cell.number, line), name=raised.name if known else "")

    def _at(self, cell: Cell, line: int, raised: Raised) -> set[str]:
        """Return the words of the statement at a line; for a failed import, also those of the modules' imports."""
        lines = cell.source.split("\n")
        first, last = _statement(cell.source, line)
        words = set(_WORD.findall("\n".join(lines[first - 1 : last])))
        if raised.cause in _IMPORTING:
            words.update(word for text in self._modules.values() for word in _WORD.findall(_imports(text)))
        return words


@lru_cache(maxsize=4)
def _tree(source: str) -> ast.Module | None:
    """Parse a cell once, however often it raises."""
    return parse_cell(source)


def _statement(source: str, line: int) -> tuple[int, int]:
    """Return the first and last line of the innermost statement at a line; for a compound one, just that line."""
    tree = _tree(source)
    around = [
        node
        for node in (ast.walk(tree) if tree is not None else ())
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or node.lineno)
    ]
    innermost = max(around, key=lambda node: node.lineno, default=None)
    if innermost is None or hasattr(innermost, "body"):
        return line, line
    return innermost.lineno, innermost.end_lineno or innermost.lineno


def _imports(text: str) -> str:
    return "\n".join(_IMPORTS.findall(text))


def _defined(text: str) -> Iterator[str]:
    tree = parse_cell(text)
    if tree is None:
        for found in _DEFINES.finditer(text):
            yield found[1] or found[2]
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr
