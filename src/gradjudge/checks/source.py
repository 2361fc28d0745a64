"""Find calls that a question rules out, by reading the student's source. Nothing is ever executed here.

A rule concerns functions of the submission and whatever of the submission they call: a debugging cell that compares
with autograd is good practice and never counts. Names are followed through imports (``import torch.autograd as ag``),
assignments (``g = ag.grad``), ``getattr`` with a constant name, ``importlib`` and constant ``eval``.

A source can always be written so that no reader of it sees what it does. Where a hidden check can run the function
under ``torch.inference_mode`` (`gradjudge.checks.gradients`), that decides, and this module names the line.
"""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple, Protocol

from gradjudge.celltext import LONGEST_SOURCE, parse_cell
from gradjudge.checks.syntax import (
    DEEPEST_EXPRESSION,
    bound,
    constant_text,
    imported,
    is_under,
    star_imports,
    with_evals,
)

MOST_NODES = 400_000
MOST_DEFINITIONS_FOLLOWED = 2_000
TOO_MUCH = "more code than can be read"

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_SCOPES = (*_FUNCTIONS, ast.ClassDef)
_BRANCHES = (ast.If, ast.Try, ast.TryStar, ast.With, ast.For, ast.While, ast.ExceptHandler)


class Rule(Protocol):
    """Say which calls must not appear in which functions (`gradjudge.rubric.Forbidden` is one)."""

    @property
    def within(self) -> Sequence[str]:
        """Dotted names of the student's functions: ``"grad_mse"``, ``"MSE.backward"``."""

    @property
    def calls(self) -> Sequence[str]:
        """Dotted names, with all that is under them; ``".backward"`` is that method of any object."""


class ForbiddenCall(NamedTuple):
    """One use of what a rule forbids: in which function of the rule, what, and where.

    `place` is ``(cell index, line)``, or None in a companion; `module` is then its name.
    """

    function: str
    call: str
    place: tuple[int, int] | None
    module: str = ""

    def __str__(self) -> str:
        """Say it for staff."""
        where = f"in {self.module}" if self.place is None else f"cell {self.place[0]}, line {self.place[1]}"
        return f"{self.function}: {self.call} ({where})"


class _Definition(NamedTuple):
    """A global name of the submission: the node that defines it, and its cell."""

    node: ast.AST
    cell: int | str


def forbidden_calls(
    sources: Sequence[str],
    rules: Iterable[Rule],
    *,
    companions: Mapping[str, str] | None = None,
    apart: Iterable[str] = (),
) -> tuple[ForbiddenCall, ...]:
    """Return every use of a forbidden name, in the order of the rules.

    Args:
        sources: the student's code, one entry per cell; a cell that does not parse defines nothing.
        rules: what is forbidden where.
        apart: functions that answer for themselves elsewhere: they are not followed from another one.
        companions: source of each module that was handed in beside it, by name; calls are followed into them.

    ``X.backward(ctx, g)`` on a class of the submission, or with a context before the gradient, is the student's own
    function called by hand and never counts as ``".backward"``.
    """
    program = _program(sources, companions or {}, apart)
    found: dict[ForbiddenCall, None] = {}
    for rule in rules:
        for function in rule.within:
            if program.unread:  # padding must not hide what comes after it
                found.setdefault(ForbiddenCall(function, TOO_MUCH, None, "a submission too large to be read"))
            for node, cell in program.reachable(function):
                for call, line in _Reader(program, node).uses(rule.calls):
                    aside = isinstance(cell, str)
                    place = None if isinstance(cell, str) else (cell, line)
                    found.setdefault(ForbiddenCall(function, call, place, str(cell) if aside else ""))
    return tuple(found)


def unreadable(
    sources: Sequence[str],
    rules: Iterable[Rule],
    *,
    fetch: Callable[[str], object],
    companions: Mapping[str, str] | None = None,
    apart: Iterable[str] = (),
) -> tuple[str, ...]:
    """Return the functions of the rules that the session has though no definition of theirs was read.

    Args:
        sources, rules, companions, apart: as for `forbidden_calls`, with the same values.
        fetch: asks the session for a dotted name; None if it has none. Only names that were not read are asked for.
    """
    program = _program(sources, companions or {}, apart)
    functions = dict.fromkeys(function for rule in rules for function in rule.within)
    unread = (function for function in functions if not program.has_read(function))
    return tuple(
        function for function in unread if fetch(function) is not None and not program.is_taken(function, fetch)
    )


def leads_to(sources: Sequence[str], function: str, names: Iterable[str]) -> bool:
    """Tell whether a function of the submission, or what it calls there, is or names one of `names`.

    ``leads_to(sources, "train_batch", ["MSE", "mse"])``: does training go through the student's own MSE?
    """
    program, wanted = _program(sources, {}, ()), tuple(names)
    reached = (path for node, _ in program.reachable(function) for path, _ in _Reader(program, node).paths())
    return any(is_under(path, name) for path in reached for name in wanted)


def _program(sources: Sequence[str], companions: Mapping[str, str], apart: Iterable[str]) -> _Program:
    return _read_once(tuple(sources), tuple(companions.items()), frozenset(apart))


@lru_cache(maxsize=8)
def _read_once(sources: tuple[str, ...], companions: tuple[tuple[str, str], ...], apart: frozenset[str]) -> _Program:
    """Read a submission once, though each of its items asks: parsing it takes 50 ms."""
    return _Program(sources, dict(companions), apart)


class _Program:
    """The global names of a submission, read off its cells in order; later definitions replace earlier ones."""

    def __init__(self, sources: Sequence[str], companions: Mapping[str, str], apart: frozenset[str]) -> None:
        self.apart = apart
        self.globals: dict[str, _Definition] = {}
        self.names: dict[str, str] = {}
        self.stars: list[str] = []
        self.modules = frozenset(companions)
        self.unread = False
        self._nodes = 0
        self._inner: dict[str, _Definition] = {}
        cells: list[tuple[int | str, str]] = [*companions.items(), *enumerate(sources)]
        for cell, source in cells:
            tree = self._parse(source)
            if tree is not None:
                self._read(tree.body, cell)
                self._read_inner(tree, cell)
        for name, definition in self._inner.items():  # def in a def, with ``global`` or returned
            if name not in self.globals and name not in self.names:
                self._define(name, definition.node, definition.cell)

    def _parse(self, source: str) -> ast.Module | None:
        if self._nodes > MOST_NODES or len(source) > LONGEST_SOURCE:
            self.unread = True
            return None
        tree = parse_cell(source)
        self._nodes += sum(1 for _ in ast.walk(tree)) if tree is not None else 0
        return tree

    def _read(self, body: Sequence[ast.stmt | ast.ExceptHandler], cell: int | str) -> None:
        for node in body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                self._define(node.name, node, cell)
            elif isinstance(node, ast.Import | ast.ImportFrom):
                self.stars += star_imports(node)
                for name, path in imported(node):
                    if self.own(path) != name:  # from companion import name: what is known of it stays
                        self.globals.pop(name, None)
                        self.names[name] = path
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                self._assign(node, cell)
            elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
                self._call(node.value, cell)
            elif isinstance(node, ast.Match):
                for case in node.cases:
                    self._read(case.body, cell)
            elif isinstance(node, _BRANCHES):
                for part in ("body", "orelse", "finalbody", "handlers"):
                    self._read(getattr(node, part, []), cell)

    def _assign(self, node: ast.Assign | ast.AnnAssign, cell: int | str) -> None:
        if node.value is None:
            return
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            for name in bound(target):
                self._define(name, node.value, cell)
            if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Call):  # globals()["f"] = something
                table, key = target.value.func, constant_text(target.slice)
                if isinstance(table, ast.Name) and table.id in ("globals", "locals", "vars") and key is not None:
                    self._define(key, node.value, cell)
            if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):  # MSE.backward = something
                self._define(f"{target.value.id}.{target.attr}", node.value, cell)

    def _call(self, node: ast.Call, cell: int | str) -> None:
        """Read ``exec("def f(): ...")`` and ``setattr(MSE, "backward", f)`` as what they do."""
        function = node.func.id if isinstance(node.func, ast.Name) else ""
        if function == "exec" and node.args:
            tree = parse_cell(constant_text(node.args[0]) or "")
            self._read(tree.body if tree is not None else (), cell)
        elif function == "setattr" and len(node.args) == 3 and isinstance(node.args[0], ast.Name):
            name = constant_text(node.args[1])
            if name is not None:
                self._define(f"{node.args[0].id}.{name}", node.args[2], cell)

    def _read_inner(self, tree: ast.Module, cell: int | str) -> None:
        outer = set(tree.body)
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                outer.update(node.body)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node not in outer:
                self._inner[node.name] = _Definition(node, cell)

    def has_read(self, function: str) -> bool:
        """Tell whether a function was defined or bound in what could be read."""
        name = function.split(".")[0]
        path = self.names.get(name, "")
        return name in self.globals or self.own(path) in self.globals or _is_installed(path)

    def is_taken(self, function: str, fetch: Callable[[str], object]) -> bool:
        """Tell whether a name is a package's, from an ``import *``."""
        packages = {star.split(".")[0] for star in self.stars if star not in self.modules}
        module = fetch(f"{function.split('.')[0]}.__module__") if packages else None
        return isinstance(module, str) and module.split(".")[0] in packages

    def _define(self, name: str, node: ast.AST, cell: int | str) -> None:
        path = _Reader(self, ast.Pass()).path(node) if isinstance(node, ast.expr) else None
        if path is not None and path.split(".")[0] not in self.globals:
            self.globals.pop(name, None)
            self.names[name] = path
            return
        self.names.pop(name, None)
        self.globals[name] = _Definition(node, cell)
        if isinstance(node, ast.ClassDef):
            for member in node.body:
                if isinstance(member, ast.FunctionDef | ast.AsyncFunctionDef):
                    self.globals[f"{name}.{member.name}"] = _Definition(member, cell)
                elif isinstance(member, ast.Assign):
                    for target in member.targets:
                        for attribute in bound(target):
                            self.globals[f"{name}.{attribute}"] = _Definition(member.value, cell)

    def own(self, path: str) -> str:
        """Take the name of a companion off a dotted name: all modules of a submission share one table here."""
        module, _, rest = path.partition(".")
        return rest if rest and module in self.modules else path

    def is_class(self, name: str) -> bool:
        """Tell whether a global name is a class of the submission."""
        return name in self.globals and isinstance(self.globals[name].node, ast.ClassDef)

    def reachable(self, function: str) -> Iterator[_Definition]:
        """Yield the definition of a function and of everything in the submission that it leads to."""
        waiting, seen = [self._resolve(function)], set[str]()
        while waiting and len(seen) < MOST_DEFINITIONS_FOLLOWED:
            name = waiting.pop()
            if name in seen or name not in self.globals:
                continue
            seen.add(name)
            definition = self.globals[name]
            if not isinstance(definition.node, ast.ClassDef):
                yield definition
                led_to = self._leads_to(_Reader(self, definition.node, owner=name.rpartition(".")[0]))
                waiting += [other for other in led_to if other not in self.apart]
            else:
                members = (member for member in self.globals if member.startswith(f"{name}."))
                waiting += [member for member in members if member not in self.apart]
                waiting += [base.id for base in definition.node.bases if isinstance(base, ast.Name)]

    def _resolve(self, function: str) -> str:
        """Find where a rule's function is defined: ``linear`` may be an alias, a method may be inherited."""
        head, dot, rest = function.partition(".")
        if head in self.names:  # from companion import g as grad_mse
            function = f"{self.own(self.names[head])}{dot}{rest}"
        owner, _, method = function.rpartition(".")
        for _ in range(8):
            definition = self.globals.get(owner)
            if function in self.globals or definition is None:
                break
            if not isinstance(definition.node, ast.ClassDef):  # MSE = MSEFunction, MSE = make()
                alias = _Reader(self, ast.Pass()).path(definition.node)
                if alias is None or alias == owner or alias not in self.globals:
                    return owner
                owner = alias
            else:
                reader = _Reader(self, ast.Pass())
                bases = [path for base in definition.node.bases if (path := reader.path(base)) is not None]
                owner = next((base for base in bases if base in self.globals), "")
            function = f"{owner}.{method}"
        return function

    def _leads_to(self, reader: _Reader) -> Iterator[str]:
        for path, _ in reader.paths():
            parts = path.split(".")
            for end in range(len(parts), 0, -1):
                name = ".".join(parts[:end])
                if name in self.globals:
                    if self.is_class(name) and end < len(parts):
                        yield from self._methods(name, parts[end])
                    else:
                        yield name
                    break

    def _methods(self, owner: str, attribute: str) -> Iterator[str]:
        wanted = ("forward", "backward", "setup_context") if attribute == "apply" else (attribute,)
        for method in wanted:
            yield self._resolve(f"{owner}.{method}")


def _is_installed(path: str) -> bool:
    """Tell whether a dotted name is of a package that is there for everyone, not of a module written on the way."""
    try:
        return bool(path) and importlib.util.find_spec(path.split(".")[0]) is not None
    except (ImportError, ValueError):
        return False


class _Reader:
    """Read the names that one function uses, with its own imports and assignments in view."""

    def __init__(self, program: _Program, node: ast.AST, owner: str = "") -> None:
        self.program = program
        self.node = node
        self.owner = owner
        self.local: dict[str, str | None] = {}
        self.contexts: set[str] = set()
        self._nodes = list(with_evals(node))
        self._known: dict[int, str | None] | None = None
        if isinstance(node, _SCOPES):
            self._bind()
        self._known = {}  # nothing is bound any more, so what a node stands for stays; chains of names are long

    def _bind(self) -> None:
        freed: set[str] = set()
        for node in self._nodes:
            if isinstance(node, ast.arg):
                self.local.setdefault(node.arg, None)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                self.local.setdefault(node.id, None)
            elif isinstance(node, ast.Global):
                freed.update(node.names)
        for name in freed:
            self.local.pop(name, None)
        for node in self._nodes:
            if isinstance(node, ast.Import | ast.ImportFrom):
                self.local.update(imported(node))
        self._bind_assigned()

    def _bind_assigned(self) -> None:
        for node in self._nodes:
            if isinstance(node, ast.Assign | ast.NamedExpr | ast.AnnAssign) and node.value is not None:
                path = self.path(node.value)
                for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                    if isinstance(target, ast.Name):
                        self._bind_name(target.id, path, node.value)

    def _bind_name(self, name: str, path: str | None, value: ast.expr) -> None:
        if path is not None and path.split(".")[0] != name:
            self.local[name] = path
        if isinstance(value, ast.Call) and "context" in (self.path(value.func) or "").lower():
            self.contexts.add(name)

    def path(self, node: ast.AST, depth: int = 0) -> str | None:
        """Return the dotted name that an expression stands for, or None."""
        if self._known is not None and id(node) in self._known:
            return self._known[id(node)]
        path = self._path(node, depth)
        path = None if path is None else self.program.own(path)
        if self._known is not None and depth <= DEEPEST_EXPRESSION // 2:  # what is refused for its depth is not kept
            self._known[id(node)] = path
        return path

    def _path(self, node: ast.AST, depth: int) -> str | None:
        if depth > DEEPEST_EXPRESSION:
            return None
        if isinstance(node, ast.Name):
            return self._name(node.id)
        if isinstance(node, ast.Attribute):
            base = self.path(node.value, depth + 1)
            return None if base is None else f"{base}.{node.attr}"
        if isinstance(node, ast.Subscript):
            return self._subscript(node, depth)
        if isinstance(node, ast.Call):
            return self._call(node, depth)
        return None

    def _name(self, name: str) -> str | None:
        if name in ("self", "cls") and self.owner:
            return self.owner
        if name in self.local:
            return self.local[name]
        if name in self.program.globals:
            return name
        return self.program.names.get(name, name)

    def _subscript(self, node: ast.Subscript, depth: int) -> str | None:
        """Follow ``vars(torch)["autograd"]``, ``torch.__dict__["autograd"]`` and ``sys.modules["torch"]``."""
        key = constant_text(node.slice)
        base = self.path(node.value, depth + 1)
        if isinstance(node.value, ast.Call) and node.value.args and self.path(node.value.func, depth + 1) == "vars":
            base = self.path(node.value.args[0], depth + 1)
        if key is None or base is None:
            return None
        if base == "sys.modules":
            return key
        return f"{base.removesuffix('.__dict__')}.{key}"

    def _call(self, node: ast.Call, depth: int) -> str | None:
        """Follow ``getattr(torch, "autograd")``, ``__import__("torch")`` and ``importlib.import_module``."""
        function = self.path(node.func, depth + 1)
        if function == "getattr" and len(node.args) >= 2:
            base, name = self.path(node.args[0], depth + 1), constant_text(node.args[1])
            if base is None or (name is None and "." not in base):
                return None
            return f"{base}.{'*' if name is None else name}"
        if function in ("__import__", "importlib.import_module") and node.args:
            return constant_text(node.args[0])
        return None

    def paths(self) -> Iterator[tuple[str, int]]:
        """Yield every dotted name that the function reads, with its line."""
        for node in self._nodes:
            if isinstance(node, ast.Name | ast.Attribute | ast.Call | ast.Subscript):
                if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                    continue
                path = self.path(node)
                if path is not None:
                    yield path, node.lineno
            elif isinstance(node, ast.ImportFrom):
                yield from ((path, node.lineno) for _, path in imported(node))

    def uses(self, calls: Sequence[str]) -> Iterator[tuple[str, int]]:
        """Yield each forbidden name that is used, as the rule writes it, with its line."""
        named = [call for call in calls if not call.startswith(".")]
        for path, line in self.paths():
            spellings = [path] if "." in path else [path, *(f"{star}.{path}" for star in self.program.stars)]
            for call in named:
                if any(is_under(spelling, call) for spelling in spellings):
                    yield call, line
        methods = {call[1:]: call for call in calls if call.startswith(".")}
        for node in self._nodes:
            method = node.func if isinstance(node, ast.Call) else None
            if isinstance(node, ast.Call) and isinstance(method, ast.Attribute) and method.attr in methods:
                yield from () if self._is_own(node, method.value) else [(methods[method.attr], node.lineno)]

    def _is_own(self, call: ast.Call, receiver: ast.expr) -> bool:
        """Tell whether a method call is the student's own static function: ``MSE.backward(ctx, g)``."""
        if isinstance(receiver, ast.Call):
            receiver = receiver.func
        path = self.path(receiver)
        if path is not None and (self.program.is_class(path) or path == "super"):
            return True
        return len(call.args) >= 2 and self._is_context(call.args[0])

    def _is_context(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Subscript):
            node = node.value
        if isinstance(node, ast.Call):
            node = node.func
        text = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
        return text in self.contexts or "ctx" in text.lower() or "context" in text.lower()
