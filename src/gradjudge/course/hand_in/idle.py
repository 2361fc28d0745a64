"""Python in raw or Markdown cells, which is never run: its author may not have noticed."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from gradjudge.course.hand_in.cell_text import parse_cell
from gradjudge.course.hand_in.remarks import Remark
from gradjudge.files import listed
from gradjudge.text import Text

#: Most characters of a cell that is parsed.
_LONGEST = 100_000


def idle_remarks(idle: Iterable[str], code: Iterable[str]) -> list[Remark]:
    """Name the functions and classes that only a raw or Markdown cell defines.

    Args:
        idle: texts of the raw and Markdown cells.
        code: sources of the code cells.
    """
    found = dict.fromkeys(name for text in idle for name in _defined(text))
    run = {name for source in code for name in _defined(source)} if found else set()
    names = [name for name in found if name not in run]
    if not names:
        return []
    return [
        Remark(
            Text(
                "{names}: in a raw or Markdown cell, which is not run. Make it a code cell (key y in Jupyter).",
                names=listed(names),
            ),
            f"Python in cells that are no code: {listed(names)}",
        )
    ]


def _defined(text: str) -> list[str]:
    """Return the functions and classes that a text defines; none if it is not Python."""
    if len(text) > _LONGEST or ("def " not in text and "class " not in text):
        return []
    tree = parse_cell(text)
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    return [node.name for node in (tree.body if tree else ()) if isinstance(node, kinds)]
