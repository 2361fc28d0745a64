"""Resolve references: objects kept by number for the trusted side, and the student's names."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any, Final

import torch

from gradjudge.wire.limits import TooLargeError
from gradjudge.wire.messages import Handle, Missing, Ref

MOST_KEPT: Final = 10_000
"""Maximum number of objects kept at a time."""

_NEAREST: Final = 5
_SHELL_NAMES: Final = frozenset({"In", "Out", "exit", "quit", "get_ipython", "open"})


class MissingName(Exception):
    """A `Ref` points at nothing."""

    def __init__(self, missing: Missing) -> None:
        super().__init__(missing.name)
        self.missing = missing


class ObjectTable:
    """Keep objects until they are dropped."""

    def __init__(self) -> None:
        self._objects: dict[int, object] = {}
        self._numbers: dict[int, int] = {}
        self._next = 0

    def handle(self, item: object) -> Handle:
        """Keep an object and return its handle; the same object always gets the same number.

        Raises:
            TooLargeError: too many objects are kept.
        """
        number = self._numbers.get(id(item))
        if number is None:
            if len(self._objects) >= MOST_KEPT:
                raise TooLargeError(f"more than {MOST_KEPT} objects would be kept")
            self._next = number = self._next + 1
            self._objects[number] = item
            self._numbers[id(item)] = number
        return Handle(number, _kind(item))

    def held(self, number: int, done: Sequence[object] = ()) -> object:
        """Return the object with a number; ``-n`` is the n-th of `done`, the results of earlier steps.

        Raises:
            LookupError: there is none.
        """
        if -len(done) <= number < 0:
            return done[-number - 1]
        if number not in self._objects:
            raise LookupError(f"no object {number} is kept")
        return self._objects[number]

    def drop(self) -> None:
        """Forget all objects; numbers are not reused."""
        self._objects.clear()
        self._numbers.clear()

    def resolve(self, ref: Ref, names: Mapping[str, Any], done: Sequence[object] = ()) -> Any:
        """Return what `ref` points at; `done` has the results of earlier steps.

        Raises:
            MissingName: there is no such name or attribute.
            LookupError: there is no such handle.
        """
        found: Any
        if isinstance(ref.root, int):
            found = self.held(ref.root, done)
        elif ":" in ref.root:
            found = _imported(ref.root)
        elif ref.root in names:
            found = names[ref.root]
        else:
            raise MissingName(Missing(ref.root, nearest(ref.root, public(names))))
        for name in ref.path:
            try:
                found = getattr(found, name)
            except AttributeError:
                raise MissingName(Missing(name, nearest(name, _attributes(found)))) from None
        return found


def _imported(root: str) -> Any:
    """Import ``module:name``; no name of the student's contains a colon."""
    module, _, name = root.partition(":")
    try:
        return getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError):
        raise MissingName(Missing(root)) from None


def public(names: Mapping[str, Any]) -> list[str]:
    """Return the names that a student may have defined: no modules, nothing that starts with ``_``."""
    return [
        name
        for name, item in names.items()
        if not (name.startswith("_") or name in _SHELL_NAMES or issubclass(type(item), ModuleType))
    ]


def nearest(name: str, names: list[str]) -> tuple[str, ...]:
    """Return the names most similar to `name`, best first: for ``Linear``, ``linear`` comes before ``MyLinear``."""
    wanted = name.lower()
    by_lower: dict[str, list[str]] = {}
    for candidate in names:
        by_lower.setdefault(candidate.lower(), []).append(candidate)
    holding = sorted((low for low in by_lower if wanted in low or (len(low) > 2 and low in wanted)), key=len)
    similar = difflib.get_close_matches(wanted, by_lower, n=_NEAREST, cutoff=0.6)
    ordered = [candidate for low in dict.fromkeys([*holding, *similar]) for candidate in by_lower[low]]
    return tuple(ordered[:_NEAREST])


def _attributes(item: object) -> list[str]:
    try:
        return [name for name in dir(item) if type(name) is str and not name.startswith("_")]
    except Exception:  # noqa: BLE001  # the student's __dir__ may raise
        return []


def _kind(item: object) -> str:
    cls = type(item)
    if issubclass(cls, type):
        return "function" if torch.autograd.Function in type.mro(item) else "class"  # type: ignore[arg-type]
    if issubclass(cls, torch.nn.Module):
        return "module"
    return "callable" if callable(item) else "object"
