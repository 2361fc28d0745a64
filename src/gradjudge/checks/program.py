"""What a submission's text defines, and which of its functions lead to which. Nothing is ever executed here."""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from gradjudge.celltext import LONGEST_SOURCE, parse_cell
from gradjudge.checks.names import Reader
from gradjudge.checks.syntax import (
    bound,
    constant_text,
    imported,
    star_imports,
)

MOST_NODES = 400_000
MOST_DEFINITIONS_FOLLOWED = 2_000

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_BRANCHES = (ast.If, ast.Try, ast.TryStar, ast.With, ast.For, ast.While, ast.ExceptHandler)


class Definition(NamedTuple):
    """A global name of the submission: the node that defines it, and its cell."""

    node: ast.AST
    cell: int | str


def read_program(sources: Sequence[str], companions: Mapping[str, str], apart: Iterable[str]) -> Program:
    """Return what a submission defines; see `gradjudge.checks.source.forbidden_calls` for the arguments."""
    return _read_once(tuple(sources), tuple(companions.items()), frozenset(apart))


@lru_cache(maxsize=8)
def _read_once(sources: tuple[str, ...], companions: tuple[tuple[str, str], ...], apart: frozenset[str]) -> Program:
    """Read a submission once, though each of its items asks: parsing it takes 50 ms."""
    return Program(sources, dict(companions), apart)


class Program:
    """The global names of a submission, read off its cells in order; later definitions replace earlier ones."""

    def __init__(self, sources: Sequence[str], companions: Mapping[str, str], apart: frozenset[str]) -> None:
        self.apart = apart
        self.globals: dict[str, Definition] = {}
        self.names: dict[str, str] = {}
        self.stars: list[str] = []
        self.modules = frozenset(companions)
        self.unread = False
        self._nodes = 0
        self._inner: dict[str, Definition] = {}
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
                self._inner[node.name] = Definition(node, cell)

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
        path = Reader(self, ast.Pass()).path(node) if isinstance(node, ast.expr) else None
        if path is not None and path.split(".")[0] not in self.globals:
            self.globals.pop(name, None)
            self.names[name] = path
            return
        self.names.pop(name, None)
        self.globals[name] = Definition(node, cell)
        if isinstance(node, ast.ClassDef):
            for member in node.body:
                if isinstance(member, ast.FunctionDef | ast.AsyncFunctionDef):
                    self.globals[f"{name}.{member.name}"] = Definition(member, cell)
                elif isinstance(member, ast.Assign):
                    for target in member.targets:
                        for attribute in bound(target):
                            self.globals[f"{name}.{attribute}"] = Definition(member.value, cell)

    def own(self, path: str) -> str:
        """Take the name of a companion off a dotted name: all modules of a submission share one table here."""
        module, _, rest = path.partition(".")
        return rest if rest and module in self.modules else path

    def is_class(self, name: str) -> bool:
        """Tell whether a global name is a class of the submission."""
        return name in self.globals and isinstance(self.globals[name].node, ast.ClassDef)

    def reachable(self, function: str) -> Iterator[Definition]:
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
                led_to = self._leads_to(Reader(self, definition.node, owner=name.rpartition(".")[0]))
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
                alias = Reader(self, ast.Pass()).path(definition.node)
                if alias is None or alias == owner or alias not in self.globals:
                    return owner
                owner = alias
            else:
                reader = Reader(self, ast.Pass())
                bases = [path for base in definition.node.bases if (path := reader.path(base)) is not None]
                owner = next((base for base in bases if base in self.globals), "")
            function = f"{owner}.{method}"
        return function

    def _leads_to(self, reader: Reader) -> Iterator[str]:
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
