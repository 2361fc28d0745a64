"""What a submission's source defines, and which of its functions lead to which, by static analysis."""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from gradjudge.course.hand_in.cell_text import LONGEST_SOURCE, parse_cell
from gradjudge.judge.source.names import NameReader
from gradjudge.judge.source.syntax import (
    bound,
    cannot_fail,
    constant_text,
    imported,
    star_imports,
)

MOST_NODES = 400_000
MOST_DEFINITIONS_FOLLOWED = 2_000
LONGEST_CHAIN = 8

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_BRANCHES = (ast.If, ast.Try, ast.TryStar, ast.With, ast.For, ast.While, ast.ExceptHandler)


class Definition(NamedTuple):
    """A global name of the submission: the node that defines it, and its cell."""

    node: ast.AST
    cell: int | str


def read_program(
    sources: Sequence[str], companions: Mapping[str, str], apart: Iterable[str], broken: Iterable[int] = ()
) -> Program:
    """Return what a submission defines; see `gradjudge.judge.source.forbidden.forbidden_calls` for the arguments."""
    return _read_once(tuple(sources), tuple(companions.items()), frozenset(apart), frozenset(broken))


@lru_cache(maxsize=8)
def _read_once(
    sources: tuple[str, ...],
    companions: tuple[tuple[str, str], ...],
    apart: frozenset[str],
    broken: frozenset[int],
) -> Program:
    """Read a submission once for all of its items: parsing takes 50 ms."""
    return Program(sources, dict(companions), apart, broken)


class Program:
    """The globals of a submission, read from its cells in order; later definitions replace earlier ones.

    Names of a companion are qualified by its name (``helper.slope``). A definition that may not have been executed (in
    a branch, or in a cell that raised) replaces nothing: both are followed.
    """

    def __init__(
        self,
        sources: Sequence[str],
        companions: Mapping[str, str],
        apart: frozenset[str],
        broken: frozenset[int] = frozenset(),
    ) -> None:
        self.apart = apart
        self.globals: dict[str, Definition] = {}
        self.others: dict[str, list[Definition]] = {}
        self.names: dict[str, str] = {}
        self.stars: list[str] = []
        # Installed packages are found first: a functorch.py beside the notebook is never imported.
        self.modules = frozenset(name for name in companions if not _is_installed(name))
        self.unread = False
        self._nodes = 0
        self._module = ""
        self._certain = True
        self._inner: dict[str, Definition] = {}
        beside = ((name, text) for name, text in companions.items() if name in self.modules)
        cells: list[tuple[int | str, str]] = [*beside, *enumerate(sources)]
        for cell, source in cells:
            tree = self._parse(source)
            self._module = cell if isinstance(cell, str) else ""
            if tree is not None:
                certain = cannot_fail(tree.body) if cell in broken else len(tree.body)
                self._read(tree.body[:certain], cell)
                self._read_perhaps(tree.body[certain:], cell)
                self._read_inner(tree, cell)
        for name, definition in self._inner.items():  # a def inside a def, made global or returned
            if name not in self.globals and name not in self.names:
                self._module = definition.cell if isinstance(definition.cell, str) else ""
                self._define(name.removeprefix(f"{self._module}."), definition.node, definition.cell)
        self._module = ""
        for module in _named(self.modules, sources, companions):  # imported in ways that are not followed
            self._take_all(module, over=False)

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
                for star in star_imports(node):
                    self._take_all(star, over=True)
                for name, path in imported(node):
                    self._alias(self._full(name), path, cell)
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                self._assign(node, cell)
            elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
                self._call(node.value, cell)
            elif isinstance(node, ast.Match):
                for case in node.cases:
                    self._read_perhaps(case.body, cell)
            elif isinstance(node, _BRANCHES):
                for part in ("body", "orelse", "finalbody", "handlers"):
                    self._read_perhaps(getattr(node, part, []), cell)

    def _read_perhaps(self, body: Sequence[ast.stmt | ast.ExceptHandler], cell: int | str) -> None:
        """Read statements that may not all have been executed."""
        before, self._certain = self._certain, False
        self._read(body, cell)
        self._certain = before

    def _put(self, name: str, definition: Definition) -> None:
        """Define a global name; keep the previous definition as well if this one may not have been executed."""
        before = self.globals.get(name)
        if before is None and name in self.names:
            before = Definition(ast.parse(self.names[name], mode="eval").body, definition.cell)
        kept = self.others.pop(name, [])
        if before is not None and not self._certain:
            self.others[name] = [*kept, before]
        self.names.pop(name, None)
        self.globals[name] = definition

    def _alias(self, name: str, path: str, cell: int | str) -> None:
        """Let a global name stand for a dotted one."""
        if name in self.globals and not self._certain:  # keep both, the new one as an expression
            self._put(name, Definition(ast.parse(path, mode="eval").body, cell))
            return
        self.globals.pop(name, None)
        self.others.pop(name, None)
        self.names[name] = path

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
                self._set(target.value, target.attr, node.value, cell)

    def _call(self, node: ast.Call, cell: int | str) -> None:
        """Interpret ``exec("def f(): ...")`` and ``setattr(MSE, "backward", f)``."""
        function = node.func.id if isinstance(node.func, ast.Name) else ""
        if function == "exec" and node.args:
            tree = parse_cell(constant_text(node.args[0]) or "")
            self._read(tree.body if tree is not None else (), cell)
        elif function == "setattr" and len(node.args) == 3 and isinstance(node.args[0], ast.Name):
            name = constant_text(node.args[1])
            if name is not None:
                self._set(node.args[0], name, node.args[2], cell)

    def _set(self, owner: ast.Name, attribute: str, value: ast.expr, cell: int | str) -> None:
        """Define a method from outside its class, which may be in a companion."""
        path = self._reader().path(owner) or self._full(owner.id)
        self._put(f"{path}.{attribute}", Definition(value, cell))

    def _take_all(self, module: str, *, over: bool) -> None:
        """Copy a companion's names into the module being read; with `over`, replace existing ones."""
        start = f"{module}."
        if module not in self.modules or module == self._module:
            return
        for name in [name for name in (*self.globals, *self.names) if name.startswith(start)]:
            short = self._full(name.removeprefix(start))
            if not over and (short in self.globals or short in self.names):
                continue
            if name in self.names:
                self._alias(short, self.names[name], module)
                continue
            self._put(short, self.globals[name])
            if name in self.others:
                self.others[short] = [*self.others.get(short, ()), *self.others[name]]

    def _full(self, name: str) -> str:
        return f"{self._module}.{name}" if self._module else name

    def _reader(self) -> NameReader:
        return NameReader(self, ast.Pass(), module=self._module)

    def _read_inner(self, tree: ast.Module, cell: int | str) -> None:
        outer = set(tree.body)
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                outer.update(node.body)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node not in outer:
                self._inner[self._full(node.name)] = Definition(node, cell)

    def has_read(self, function: str) -> bool:
        """Tell whether a definition or binding of a function was found."""
        name = function.split(".")[0]
        path = self.names.get(name, "")
        return name in self.globals or self._is_known(self.own(path)) or _is_installed(path)

    def _is_known(self, path: str) -> bool:
        """Tell whether the submission defines the head of a dotted name."""
        module, _, rest = path.partition(".")
        return module in self.globals or (module in self.modules and f"{module}.{rest.split('.')[0]}" in self.globals)

    def is_taken(self, function: str, fetch: Callable[[str], object]) -> bool:
        """Tell whether a name comes from ``import *`` of a package."""
        packages = {star.split(".")[0] for star in self.stars if star not in self.modules}
        module = fetch(f"{function.split('.')[0]}.__module__") if packages else None
        return isinstance(module, str) and module.split(".")[0] in packages

    def _define(self, name: str, node: ast.AST, cell: int | str) -> None:
        name = self._full(name)
        path = self._reader().path(node) if isinstance(node, ast.expr) else None
        if path is not None and not self._is_known(path):
            self._alias(name, path, cell)
            return
        self._put(name, Definition(node, cell))
        if isinstance(node, ast.ClassDef):
            for member in node.body:
                if isinstance(member, ast.FunctionDef | ast.AsyncFunctionDef):
                    self._put(f"{name}.{member.name}", Definition(member, cell))
                elif isinstance(member, ast.Assign):
                    for target in member.targets:
                        for attribute in bound(target):
                            self._put(f"{name}.{attribute}", Definition(member.value, cell))

    def own(self, path: str) -> str:
        """Resolve names that a companion has only imported: ``helper.torch.grad`` is ``torch.grad``."""
        for _ in range(LONGEST_CHAIN):
            module, _, rest = path.partition(".")
            name, dot, rest = rest.partition(".")
            if module not in self.modules or f"{module}.{name}" not in self.names:
                break
            path = f"{self.names[f'{module}.{name}']}{dot}{rest}"
        return path

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
            for definition in (self.globals[name], *self.others.get(name, ())):
                reader = self._reader_of(definition, name.rpartition(".")[0])
                if not isinstance(definition.node, ast.ClassDef):
                    yield definition
                    waiting += [other for other in self._leads_to(reader) if not self._is_apart(other)]
                else:
                    members = (member for member in self.globals if member.startswith(f"{name}."))
                    waiting += [member for member in members if not self._is_apart(member)]
                    waiting += [base for base in map(reader.path, definition.node.bases) if base is not None]

    def _reader_of(self, definition: Definition, owner: str) -> NameReader:
        """Return a reader for a definition in its class and module."""
        module = definition.cell if isinstance(definition.cell, str) else ""
        return NameReader(self, definition.node, owner if self.is_class(owner) else "", module)

    def _is_apart(self, name: str) -> bool:
        module, _, rest = name.partition(".")
        return name in self.apart or (module in self.modules and rest in self.apart)

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
            reader = NameReader(self, ast.Pass(), module=definition.cell if isinstance(definition.cell, str) else "")
            if not isinstance(definition.node, ast.ClassDef):  # MSE = MSEFunction, MSE = make()
                alias = reader.path(definition.node)
                if alias is None or alias == owner or alias not in self.globals:
                    return owner
                owner = alias
            else:
                bases = [path for base in definition.node.bases if (path := reader.path(base)) is not None]
                owner = next((base for base in bases if base in self.globals), "")
            function = f"{owner}.{method}"
        return function

    def _leads_to(self, reader: NameReader) -> Iterator[str]:
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


def _named(modules: frozenset[str], sources: Sequence[str], companions: Mapping[str, str]) -> list[str]:
    """Return the companions whose names occur in the cells, or in such companions; others are unused."""
    named, waiting = list[str](), list(sources)
    while waiting:
        words = re.findall(r"\w+", waiting.pop())
        new = sorted(modules.intersection(words).difference(named))
        named += new
        waiting += [companions[module] for module in new]
    return named


def _is_installed(path: str) -> bool:
    """Tell whether a dotted name belongs to an installed package."""
    try:
        return bool(path) and importlib.util.find_spec(path.split(".")[0]) is not None
    except (ImportError, ValueError):
        return False
