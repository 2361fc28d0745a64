"""The names that one function of a submission uses, followed through its imports and assignments."""

from __future__ import annotations

import ast
from collections.abc import Container, Iterator, Sequence
from typing import Protocol

from gradjudge.judge.source.syntax import (
    DEEPEST_EXPRESSION,
    constant_text,
    imported,
    is_under,
    with_evals,
)

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_SCOPES = (*_FUNCTIONS, ast.ClassDef)


class GlobalNames(Protocol):
    """What the submission binds outside functions (`gradjudge.judge.source.program.Program`).

    Attributes:
        names: dotted paths by name.
        stars: packages from which all names are imported.
    """

    names: dict[str, str]
    stars: list[str]

    @property
    def globals(self) -> Container[str]:
        """The names that are defined."""

    def own(self, path: str) -> str:
        """Resolve a path that leads through a companion."""

    def is_class(self, name: str) -> bool:
        """Tell whether a name is a class of the submission's."""


class NameReader:
    """Resolve the names that one function uses, including its own imports and assignments.

    Args:
        program: what the submission defines.
        node: the function.
        owner: its class, or "".
        module: its companion module, or "".
    """

    def __init__(self, program: GlobalNames, node: ast.AST, owner: str = "", module: str = "") -> None:
        self.program = program
        self.node = node
        self.owner = owner
        self.module = module
        self.local: dict[str, str | None] = {}
        self.contexts: set[str] = set()
        self._nodes = list(with_evals(node))
        self._known: dict[int, str | None] | None = None
        if isinstance(node, _SCOPES):
            self._bind()
        self._known = {}  # bindings are complete, so results can be cached; chains of names are long

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
        if self._known is not None and depth <= DEEPEST_EXPRESSION // 2:  # do not cache results cut off by depth
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
        full = f"{self.module}.{name}" if self.module else name
        if full in self.program.globals:
            return full
        return self.program.names.get(full, name)

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
        """Yield each use of a forbidden name, as the rule writes it, with its line."""
        named = [call for call in calls if not call.startswith(".")]
        for path, line in self.paths():
            spellings = [path] if "." in path else [path, *(f"{star}.{path}" for star in self.program.stars)]
            for call in named:
                if any(is_under(spelling, call) for spelling in spellings):
                    yield call, line
        methods = {call[1:]: call for call in calls if call.startswith(".")}
        for name, line in self._methods(methods):
            yield methods[name], line

    def _methods(self, wanted: Container[str]) -> Iterator[tuple[str, int]]:
        """Yield each use of a method that is not the student's own: called, stored, or fetched by name."""
        given = {id(node.func): node.args for node in self._nodes if isinstance(node, ast.Call)}
        for node in self._nodes:
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and node.attr in wanted:
                if not self._is_own(given.get(id(node), []), node.value):
                    yield node.attr, node.lineno
            elif isinstance(node, ast.Call) and (name := self._fetched(node)) in wanted:
                assert name is not None
                yield name, node.lineno

    def _fetched(self, call: ast.Call) -> str | None:
        """Return the method name in ``getattr(loss, "backward")`` or ``methodcaller("backward")``; None for a class."""
        tool = self.path(call.func)
        if tool == "operator.methodcaller" and call.args:
            return constant_text(call.args[0])
        if tool == "getattr" and len(call.args) >= 2 and not self._is_own([], call.args[0]):
            return constant_text(call.args[1])
        return None

    def _is_own(self, args: Sequence[ast.expr], receiver: ast.expr) -> bool:
        """Tell whether a method is the student's own static function: ``MSE.backward(ctx, g)``."""
        if isinstance(receiver, ast.Call):
            receiver = receiver.func
        path = self.path(receiver)
        if path is not None and (self.program.is_class(path) or path == "super"):
            return True
        return len(args) >= 2 and self._is_context(args[0])

    def _is_context(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Subscript):
            node = node.value
        if isinstance(node, ast.Call):
            node = node.func
        text = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
        return text in self.contexts or "ctx" in text.lower() or "context" in text.lower()
