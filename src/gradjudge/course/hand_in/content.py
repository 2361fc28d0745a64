"""Which of the assignment's pieces a submitted file has done. Files are parsed, never run.

The *pieces* asked for are the functions, methods and assigned names in the solution cells of the releases. A piece is
done if it is neither empty nor as it was given.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from gradjudge.course.hand_in.cell_text import parse_cell
from gradjudge.course.hand_in.raw_files import PICKED_UP, TAKEN, RefusedFile
from gradjudge.course.hand_in.submission import SourceFile, UnreadableSubmission, read_source
from gradjudge.course.rubric import GradingLimits

MOST_PARSED = 256 << 10  # characters of one file; parsing takes about 1 kB for each at worst


class Asked(msgspec.Struct, frozen=True):
    """What an assignment asks for.

    Attributes:
        given: the text of each piece in the releases.
        names: by each accepted name, aliases included, the name for which it counts.
    """

    given: dict[str, set[str]] = {}
    names: dict[str, str] = {}


class Content(msgspec.Struct, frozen=True):
    """The content of a file.

    Attributes:
        names: the assignment's names that it defines, with the name used here.
        done: text of the pieces that are done.
        froms: its ``from`` imports: module, name (perhaps ``*``), name used here.
        modules: every module that it imports.
        declared: the assignment in its metadata.
    """

    names: dict[str, str] = {}
    done: dict[str, str] = {}
    froms: tuple[tuple[str, str, str], ...] = ()
    modules: frozenset[str] = frozenset()
    declared: str = ""


def asked_for(releases: Iterable[Path], more: Iterable[str], aliases: Mapping[str, Sequence[str]]) -> Asked:
    """Return what the solution cells of an assignment's releases ask for, and `more` names."""
    given: dict[str, set[str]] = {name: set() for name in more}
    names: dict[str, str] = {}
    for path in releases:
        source = _source(path)
        for cell in source.code if source else ():
            names |= {node.name: node.name for node in _body(cell) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
        for cell in source.solution_cells if source else ():
            for node in _top(_body(cell)):
                for piece, text in _pieces(node):
                    given.setdefault(piece, set()).add(text)
    names |= {name: name for name in given if "." not in name}
    names |= {alias: name for name, others in aliases.items() if name in names for alias in others}
    return Asked(given, names)


def content_of(path: Path, asked: Asked) -> Content:
    """Read a notebook or script; one that cannot be read or parsed has no content."""
    source = _source(path)
    try:
        return Content() if source is None else _content(source, asked)
    except RecursionError:
        return Content()


def _content(source: SourceFile, asked: Asked) -> Content:
    names, done = dict[str, str](), dict[str, str]()
    froms: list[tuple[str, str, str]] = []
    modules: set[str] = set()
    left = MOST_PARSED
    for text in source.code:
        left -= len(text)
        for node in _top(_body(text)) if left >= 0 else ():
            if isinstance(node, ast.Import):
                modules |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules.add(node.module)
                froms += [(node.module, alias.name, alias.asname or alias.name) for alias in node.names]
            for piece, written in _pieces(node):
                name, _, method = piece.partition(".")
                if name not in asked.names:
                    continue
                names[asked.names[name]] = name
                piece = ".".join(filter(None, (asked.names[name], method)))
                done.pop(piece, None)
                # Functions that a release asks for also count as methods of a class.
                due = piece in asked.given or method in asked.given
                if due and written and written not in asked.given.get(piece, ()):
                    done[piece] = written
    return Content(names, done, tuple(froms), frozenset(modules), source.declared)


def importable(name: str) -> bool:
    """Tell whether a file of this name can be imported from beside it."""
    stem = name.removesuffix(".py")
    return name.endswith(".py") and stem.isidentifier() and stem.casefold() not in TAKEN | PICKED_UP


def _source(path: Path) -> SourceFile | None:
    try:
        return read_source(path, GradingLimits())
    except (RefusedFile, UnreadableSubmission, OSError):
        return None


def _body(text: str) -> list[ast.stmt]:
    try:
        tree = parse_cell(text)
    except (RecursionError, MemoryError):
        return []
    return [] if tree is None else tree.body


def _top(nodes: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements that run on import, those in branches included."""
    for node in nodes:
        yield node
        if isinstance(node, ast.If) and "'__name__'" not in ast.dump(node.test):
            yield from _top([*node.body, *node.orelse])
        elif isinstance(node, ast.Try):
            yield from _top([*node.body, *(one for handler in node.handlers for one in handler.body), *node.orelse])
        elif isinstance(node, ast.With):
            yield from _top(node.body)


def _pieces(node: ast.stmt) -> Iterator[tuple[str, str]]:
    """Yield the pieces that a statement defines, each with its text, which only its meaning changes.

    The text is empty if nothing is done.
    """
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        yield node.name, "" if _is_empty(node) else _written(node)
    elif isinstance(node, ast.ClassDef):
        methods = [one for one in node.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
        full = {one.name: "" if _is_empty(one) or _gives_nothing(one, methods) else _written(one) for one in methods}
        yield from ((f"{node.name}.{name}", text) for name, text in full.items())
        yield (
            node.name,
            "\n".join(filter(None, full.values())) if methods else "" if _is_empty(node) else _written(node),
        )
    elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            if isinstance(target, ast.Name):
                yield target.id, _written(node.value)


def _is_empty(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    """Tell whether a function or class is only a stub."""
    return all(
        isinstance(one, ast.Pass)
        or (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))
        or (isinstance(one, ast.Raise) and one.exc is not None and "NotImplemented" in ast.dump(one.exc))
        or (isinstance(one, ast.Return) and (one.value is None or "NotImplemented" in ast.dump(one.value)))
        for one in node.body
    )


def _gives_nothing(node: ast.stmt, methods: Sequence[ast.FunctionDef | ast.AsyncFunctionDef]) -> bool:
    """Tell whether this is a method of an autograd Function and returns nothing yet."""
    if not {"forward", "backward"} <= {one.name for one in methods}:
        return False
    return not any(isinstance(one, ast.Return) and one.value is not None for one in ast.walk(node))


def _written(node: ast.AST) -> str:
    """Return the code without docstring, comments and layout."""
    body = getattr(node, "body", None)
    if not isinstance(body, list):
        return ast.dump(node)
    first = body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return "\n".join([ast.dump(getattr(node, "args", ast.Pass())), *map(ast.dump, body[1:] if documented else body)])
