"""What is left of a cell when only its definitions are kept.

A submission that keeps killing its session is restarted from its definitions alone: imports, functions, classes and
plain assignments such as ``mse = MSE.apply``. The code is parsed on the trusted side, never run here.
"""

from __future__ import annotations

import ast

from gradjudge.celltext import plain_python

#: Calls that an assignment may contain and still count as a definition.
HARMLESS = frozenset({"torch.device", "torch.cuda.is_available", "torch.backends.mps.is_available", "int", "float"})

_DEFINES = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def definitions(source: str) -> str:
    """Return `source` with everything but its definitions blanked out; line numbers stay as they were.

    Lines of IPython (``%matplotlib inline``, ``!pip install``) become plain Python first. What does not parse has no
    definitions.
    """
    plain = plain_python(source)
    if plain is None:
        return ""
    try:
        # Not splitlines(), which also cuts within a text that holds a form feed.
        return _keep_definitions(ast.parse(plain), plain.split("\n"))
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # an expression can be too deep to be written out
        return ""


def _keep_definitions(tree: ast.Module, lines: list[str]) -> str:
    kept = [""] * len(lines)
    for node in tree.body:
        if _is_definition(node):
            first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
            last = node.end_lineno or node.lineno
            if not _shares_a_line(tree, node, first, last):
                kept[first - 1 : last] = lines[first - 1 : last]
    return "\n".join(kept).rstrip()


def _is_definition(node: ast.stmt) -> bool:
    if isinstance(node, _DEFINES):
        return True
    if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
        calls = [inner for inner in ast.walk(node.value) if isinstance(inner, ast.Call)]
        return all(ast.unparse(call.func) in HARMLESS for call in calls)
    return False


def _shares_a_line(tree: ast.Module, node: ast.stmt, first: int, last: int) -> bool:
    """Tell whether a statement that is no definition stands on one of the same lines (``a = 1; train()``)."""
    return any(
        other is not node and not _is_definition(other) and other.lineno <= last and (other.end_lineno or 0) >= first
        for other in tree.body
    )
