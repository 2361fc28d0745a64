"""Reduce a cell to its definitions: imports, functions, classes, plain assignments such as ``mse = MSE.apply``.

A submission that keeps killing its session is restarted from its definitions alone. Of a cell that fails, the
definitions below the failing line still run. The code is only parsed here, on the trusted side.
"""

from __future__ import annotations

import ast

from gradjudge.course.hand_in.cell_text import plain_python

#: Calls that an assignment may contain and still count as a definition.
HARMLESS = frozenset({"torch.device", "torch.cuda.is_available", "torch.backends.mps.is_available", "int", "float"})

#: Most definitions of a cell that run after its failing line.
MOST_REMAINING = 1000

_DEFINES = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def definitions(source: str) -> str:
    """Return `source` with everything but its definitions blanked out; line numbers stay as they were.

    IPython syntax (``%matplotlib inline``, ``!pip install``) becomes plain Python first. A cell that does not parse has
    no definitions.
    """
    plain = plain_python(source)
    if plain is None:
        return ""
    try:
        # Not splitlines(), which also splits at form feeds in strings.
        return _keep_definitions(ast.parse(plain), plain.split("\n"))
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # deep nesting
        return ""


def remaining(source: str) -> tuple[tuple[int, str], ...]:
    """Return the definitions of a cell, each with its first line.

    An import of several names is one entry for each, numbered after its last line, so that one missing name does not
    cost the others.
    """
    plain = plain_python(source)
    try:
        kept = _definitions_of(ast.parse(plain or ""))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    lines = (plain or "").split("\n")
    found: list[tuple[int, str]] = []
    for node, first, last in kept:
        if isinstance(node, ast.Import | ast.ImportFrom) and len(node.names) > 1:
            found += [(last + 1, text) for text in _one_by_one(node)]
        else:
            found.append((first, "\n".join(lines[first - 1 : last])))
    return tuple(dict.fromkeys(found))[:MOST_REMAINING]


def _one_by_one(node: ast.Import | ast.ImportFrom) -> list[str]:
    """Split an import into one for each of its names."""
    if isinstance(node, ast.Import):
        return [ast.unparse(ast.Import([alias])) for alias in node.names]
    return [ast.unparse(ast.ImportFrom(node.module, [alias], node.level)) for alias in node.names]


def _lines(node: ast.stmt) -> tuple[int, int]:
    """Return the first and the last line of a statement, its decorators included."""
    first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
    return first, node.end_lineno or node.lineno


def _keep_definitions(tree: ast.Module, lines: list[str]) -> str:
    kept = [""] * len(lines)
    for _, first, last in _definitions_of(tree):
        kept[first - 1 : last] = lines[first - 1 : last]
    return "\n".join(kept).rstrip()


def _definitions_of(tree: ast.Module) -> list[tuple[ast.stmt, int, int]]:
    """Return the definitions with their first and last lines.

    Those that share a line with other statements (``a = 1; train()``) are left out.
    """
    defines = [(node, _is_definition(node), *_lines(node)) for node in tree.body]
    shared = {line for _, kept, first, last in defines if not kept for line in (first, last)}
    return [(node, first, last) for node, kept, first, last in defines if kept and shared.isdisjoint((first, last))]


def _is_definition(node: ast.stmt) -> bool:
    if isinstance(node, _DEFINES):
        return True
    if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
        calls = [inner for inner in ast.walk(node.value) if isinstance(inner, ast.Call)]
        return all(ast.unparse(call.func) in HARMLESS for call in calls)
    return False
