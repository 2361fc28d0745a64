"""Annotations as in Python 3.14: one that cannot be evaluated raises nothing.

``def __add__(self, other: Value) -> Value`` inside ``class Value`` is fine there, and a NameError before. Deferring all
annotations, as ``from __future__ import annotations`` does, would turn them into strings for code that needs the types.
So each is evaluated in place, and only one that raises becomes a string.
"""

from __future__ import annotations
import __future__

import ast
import builtins
import sys
from collections.abc import Callable
from importlib.abc import PathEntryFinder
from importlib.machinery import FileFinder, SourceFileLoader
from pathlib import Path
from typing import Any, Final

DEFERRED: Final = __future__.annotations.compiler_flag
"""Compiler flag of ``from __future__ import annotations``."""

_NAME: Final = "__annotation__"
_UNWRAPPED: Final = (ast.Constant, ast.Starred)
_NOT_IN_A_LAMBDA: Final = (ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom)


def compile_student(source: str | bytes, name: str, flags: int = 0) -> Any:
    """Compile a module whose annotations may fail.

    Raises:
        SyntaxError, ValueError: as ``compile`` does.
    """
    tree = compile(source, name, "exec", flags | ast.PyCF_ONLY_AST, dont_inherit=True)
    if not flags & DEFERRED:
        forgive(tree)
    return compile(tree, name, "exec", flags, dont_inherit=True)


def forgive(tree: ast.AST) -> ast.AST:
    """Wrap the annotations of a module in place, unless they are deferred anyway; return `tree`."""
    setattr(builtins, _NAME, _evaluated)
    if sys.version_info < (3, 14) and not any(_defers(node) for node in getattr(tree, "body", ())):
        for node in list(ast.walk(tree)):
            _forgive_one(node)
    return tree


def _defers(node: ast.stmt) -> bool:
    """Tell whether a statement is ``from __future__ import annotations``."""
    future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
    return future and any(alias.name == "annotations" for alias in getattr(node, "names", ()))


def _forgive_one(node: ast.AST) -> None:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        node.returns = _wrapped(node.returns)
    elif isinstance(node, ast.arg):
        node.annotation = _wrapped(node.annotation)
    elif isinstance(node, ast.AnnAssign):
        node.annotation = _wrapped(node.annotation) or node.annotation


def _wrapped(annotation: ast.expr | None) -> ast.expr | None:
    """Turn ``Value`` into ``__annotation__(lambda: Value, "Value")``."""
    if annotation is None or isinstance(annotation, _UNWRAPPED):
        return annotation
    if any(isinstance(part, _NOT_IN_A_LAMBDA) for part in ast.walk(annotation)):
        return annotation
    try:
        text = ast.unparse(annotation)
        nothing = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
        call = ast.Call(ast.Name(_NAME, ast.Load()), [ast.Lambda(nothing, annotation), ast.Constant(text)], [])
        return ast.fix_missing_locations(ast.copy_location(call, annotation))
    except RecursionError:
        return annotation


def _evaluated(annotation: Callable[[], Any], text: str) -> Any:
    """Return an annotation's value, also looking up names of the enclosing class, or else its text."""
    try:
        return annotation()
    except NameError:
        frame = sys._getframe(1)
    except Exception:  # noqa: BLE001  # the student's expression may raise anything
        return text
    try:
        return eval(text, frame.f_globals, dict(frame.f_locals))  # the same expression
    except Exception:  # noqa: BLE001
        return text


class _Loader(SourceFileLoader):
    """Load a companion module."""

    def source_to_code(self, data: Any, path: Any, *, _optimize: int = -1) -> Any:  # type: ignore[override]
        del _optimize
        return compile_student(data, path)


def load_modules_of(folder: Path) -> None:
    """Load modules below `folder` that way, for the rest of this process."""

    def find(path: str) -> PathEntryFinder:
        if not Path(path).is_relative_to(folder):
            raise ImportError(f"{path} is not below {folder}")
        return finder(path)

    finder = FileFinder.path_hook((_Loader, [".py"]))
    sys.path_hooks.insert(0, find)
    sys.path_importer_cache.pop(str(folder), None)
