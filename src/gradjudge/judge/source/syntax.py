"""Names in a syntax tree: imports, bindings, constant expressions."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

DEEPEST_EXPRESSION = 200


def with_evals(node: ast.AST) -> Iterator[ast.AST]:
    """Walk a node, and the code in constant strings passed to ``eval`` or ``exec``."""
    for inner in ast.walk(node):
        yield inner
        if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Name) and inner.func.id in ("eval", "exec"):
            text = constant_text(inner.args[0]) if inner.args else None
            try:
                yield from ast.walk(ast.parse(text or ""))
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                continue


def imported(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, str]]:
    """Yield each name that an import binds, with the dotted name that it stands for."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield (alias.asname, alias.name) if alias.asname else (alias.name.split(".")[0], alias.name.split(".")[0])
    elif node.module and not node.level:
        for alias in node.names:
            if alias.name != "*":
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def star_imports(node: ast.Import | ast.ImportFrom) -> list[str]:
    """Return the module of ``from module import *``, in a list."""
    if isinstance(node, ast.ImportFrom) and node.module and any(alias.name == "*" for alias in node.names):
        return [node.module]
    return []


def bound(target: ast.expr) -> Iterator[str]:
    """Yield the names that an assignment's target binds."""
    if isinstance(target, ast.Name):
        yield target.id
    elif isinstance(target, ast.Tuple | ast.List):
        for element in target.elts:
            yield from bound(element)


def constant_text(node: ast.expr, depth: int = 0) -> str | None:
    """Return the constant text of an expression (``"auto" + "grad"`` too), or None."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add) and depth < DEEPEST_EXPRESSION:
        left, right = constant_text(node.left, depth + 1), constant_text(node.right, depth + 1)
        return None if left is None or right is None else left + right
    if isinstance(node, ast.JoinedStr):
        parts = [constant_text(part) for part in node.values]
        return None if any(part is None for part in parts) else "".join(part for part in parts if part is not None)
    return None


def is_under(path: str, call: str) -> bool:
    """Tell whether `path` is `call` or below it, or may be (``torch.autograd.*`` stands for a computed name)."""
    if path.endswith(".*"):
        return call.startswith(path[:-1]) or f"{path[:-1]}".startswith(f"{call}.")
    return path == call or path.startswith(f"{call}.")


def cannot_fail(body: Sequence[ast.stmt]) -> int:
    """Count the statements at the start of a cell that cannot raise: plain definitions."""
    return next((count for count, node in enumerate(body) if not _is_plain(node)), len(body))


def _is_plain(node: ast.stmt) -> bool:
    if isinstance(node, ast.ClassDef):
        named = all(isinstance(base, ast.Name | ast.Attribute) for base in node.bases)
        plain_head = named and not node.decorator_list and not node.keywords
        return plain_head and all(_is_plain(member) or _is_static(member) for member in node.body)
    if isinstance(node, ast.FunctionDef):
        return not node.decorator_list and _has_plain_head(node)
    return isinstance(node, ast.Pass) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))


def _is_static(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.FunctionDef)
        and _has_plain_head(node)
        and all(isinstance(one, ast.Name) and one.id in ("staticmethod", "classmethod") for one in node.decorator_list)
    )


def _has_plain_head(node: ast.FunctionDef) -> bool:
    values = [*node.args.defaults, *(default for default in node.args.kw_defaults if default is not None)]
    notes = [note.annotation for note in ast.walk(node.args) if isinstance(note, ast.arg)] + [node.returns]
    return all(isinstance(value, ast.Constant) for value in values) and not any(notes)
