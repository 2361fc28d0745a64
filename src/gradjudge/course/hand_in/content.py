"""What a file of a hand-in holds of what an assignment asks for. It is read as text, and nothing of it is run.

What is asked for are the names that the release's solution cells define, in *pieces*: a function, a method, an assigned
name. A piece is done where it is neither empty nor as it was given.
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

MOST_PARSED = 256 << 10  # characters of one file that are looked at: a parsed one takes about 1 kB at worst


class Asked(msgspec.Struct, frozen=True):
    """What an assignment asks for.

    Attributes:
        given: what its releases hold where a solution is due, by piece.
        names: the name for which each name counts: itself, or what it is an alias of; those that are given, too.
    """

    given: dict[str, set[str]] = {}
    names: dict[str, str] = {}


class Content(msgspec.Struct, frozen=True):
    """What a file holds.

    Attributes:
        names: what it defines of the assignment's names: how each is called here.
        done: what is done of them, by piece.
        froms: what it takes out of which module: pairs of names, ``*`` for all.
        modules: what it imports in any way.
        declared: the assignment that it says it was released for.
    """

    names: dict[str, str] = {}
    done: dict[str, str] = {}
    froms: tuple[tuple[str, str, str], ...] = ()
    modules: frozenset[str] = frozenset()
    declared: str = ""


def asked_for(releases: Iterable[Path], more: Iterable[str], aliases: Mapping[str, Sequence[str]]) -> Asked:
    """Return what is asked for by the solution cells of an assignment's notebooks, and `more` names."""
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
    """Read a notebook or script; one that cannot be read, or is no Python, holds nothing."""
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
                # Methods that a release asks for apart, as functions, count in a class, too.
                due = piece in asked.given or method in asked.given
                if due and written and written not in asked.given.get(piece, ()):
                    done[piece] = written
    return Content(names, done, tuple(froms), frozenset(modules), source.declared)


def importable(name: str) -> bool:
    """Tell whether a file of this name can be imported by one beside it."""
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
    """Yield the statements that run when a file is imported, those in branches, too."""
    for node in nodes:
        yield node
        if isinstance(node, ast.If) and "'__name__'" not in ast.dump(node.test):
            yield from _top([*node.body, *node.orelse])
        elif isinstance(node, ast.Try):
            yield from _top([*node.body, *(one for handler in node.handlers for one in handler.body), *node.orelse])
        elif isinstance(node, ast.With):
            yield from _top(node.body)


def _pieces(node: ast.stmt) -> Iterator[tuple[str, str]]:
    """Yield what a statement defines: pieces, and what stands there as text that only its meaning changes.

    The text is empty where nothing is done.
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
    """Tell whether a function does nothing yet, or a class has nothing."""
    return all(
        isinstance(one, ast.Pass)
        or (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))
        or (isinstance(one, ast.Raise) and one.exc is not None and "NotImplemented" in ast.dump(one.exc))
        or (isinstance(one, ast.Return) and (one.value is None or "NotImplemented" in ast.dump(one.value)))
        for one in node.body
    )


def _gives_nothing(node: ast.stmt, methods: Sequence[ast.FunctionDef | ast.AsyncFunctionDef]) -> bool:
    """Tell whether this is a Function's forward or backward that returns nothing yet, whatever stands in it."""
    if not {"forward", "backward"} <= {one.name for one in methods}:
        return False
    return not any(isinstance(one, ast.Return) and one.value is not None for one in ast.walk(node))


def _written(node: ast.AST) -> str:
    """Return what stands there, without documentation, comments and layout."""
    body = getattr(node, "body", None)
    if not isinstance(body, list):
        return ast.dump(node)
    first = body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return "\n".join([ast.dump(getattr(node, "args", ast.Pass())), *map(ast.dump, body[1:] if documented else body)])
