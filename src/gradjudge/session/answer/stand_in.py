"""Public stand-ins in the place of what a student wrote: what the statement itself says, differentiated by autograd."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from types import BuiltinMethodType, MethodType, ModuleType
from typing import Any, ClassVar, Final

import torch

_ABSENT: Final = object()


class StandIns:
    """Rebind names of the student's to stand-ins, and back.

    Args:
        names: the student's global names. The modules that were handed in beside the submission are looked through
            too: a function in one of them sees its own module's names.
    """

    def __init__(self, names: dict[str, Any]) -> None:
        self._names = names
        self._folder = os.getcwd()  # noqa: PTH109  # the submission may leave it, or remove it
        self._undo: list[tuple[dict[str, Any], str, Any]] = []

    def install(self, made: Mapping[str, Any]) -> None:
        """Bind names to what stands in for them.

        Where that is a Function, its ``apply`` takes the form of what the student has by that name (the class, its
        ``apply``, an instance), and so does whatever else is the student's own by another name.

        Args:
            made: what stands in for each name; a Function comes before its ``apply``.
        """
        own: Any = _ABSENT
        owners: list[tuple[Any, type[torch.autograd.Function]]] = []
        for name, item in made.items():
            theirs, function = self._names.get(name, _ABSENT), _class_behind(item)
            if function is None:
                self._bind(name, item)
            elif item is function:
                own = theirs
                _note_work(function)
                _OWN.installed.add(function)
                self._bind(name, item)
                owners.append((own, function))
            else:
                owner = _class_behind(theirs)
                like = None if theirs is _ABSENT else _as(theirs, owner or own, function)
                self._bind(name, like or item)
                owners.append((owner, function))
        for owner, function in owners:
            if isinstance(owner, type):
                self._bind_other_names(owner, function)

    def restore(self) -> None:
        """Undo every `install`."""
        _OWN.installed.clear()
        while self._undo:
            scope, name, item = self._undo.pop()
            if item is _ABSENT:
                scope.pop(name, None)
            else:
                scope[name] = item

    def _bind_other_names(self, owner: type, function: type[torch.autograd.Function]) -> None:
        for scope in (self._names, *_companions(self._folder)):
            for name, item in list(scope.items()):
                like = _as(item, owner, function)
                if like is not None:
                    self._rebind(scope, name, like)

    def _bind(self, name: str, item: Any) -> None:
        original = self._names.get(name, _ABSENT)
        for scope in (self._names, *_companions(self._folder)):
            if scope is self._names or (original is not _ABSENT and scope.get(name) is original):
                self._rebind(scope, name, item)

    def _rebind(self, scope: dict[str, Any], name: str, item: Any) -> None:
        self._undo.append((scope, name, scope.get(name, _ABSENT)))
        scope[name] = item


def _class_behind(item: Any) -> Any:
    """Give the Function that `item` is, is the ``apply`` of, or is an instance of; None if there is none."""
    owner = item.__self__ if _is_apply(item) else item
    owner = owner if issubclass(type(owner), type) else type(owner)
    own = issubclass(owner, torch.autograd.Function) and owner is not torch.autograd.Function
    return owner if own else None


def _is_apply(item: Any) -> bool:
    return type(item) in (MethodType, BuiltinMethodType) and item.__name__ == "apply"


def _as(item: Any, owner: Any, function: type[torch.autograd.Function]) -> Any:
    """Give of `function` what `item` is of `owner`: the class, its ``apply``, an instance; None if it is none."""
    if item is owner:
        return function
    if not isinstance(owner, type) or _class_behind(item) is not owner:
        return None
    if _is_apply(item):
        return function.apply
    return function() if type(item) is owner else None


def _companions(folder: str) -> Iterator[dict[str, Any]]:
    """Return the names of the modules that were imported from `folder`."""
    # Texts, not paths: thousands of modules are looked at, and a Path for each would take 50 ms.
    for module in list(sys.modules.values()):
        if isinstance(module, ModuleType):
            file = vars(module).get("__file__")
            if type(file) is str and os.path.dirname(file) == folder:  # noqa: PTH120
                yield vars(module)


class _Own(threading.local):
    """What stand-ins are and do in this thread.

    Attributes:
        count: nodes of graphs that they have made.
        began: how many nodes there were when the one that is at work now began; None if none is.
        installed: Functions that were asked for; one that the student's own code makes may not ask autograd.
    """

    count = 0
    began: int | None = None
    installed: ClassVar[set[type]] = set()


_OWN: Final = _Own()


def at_work() -> bool:
    """Tell whether this thread is in a stand-in's backward, which may ask autograd."""
    return _OWN.began is not None


def nodes_of_others() -> int:
    """Return how many nodes of graphs were made in this thread so far, those of stand-ins not counted."""
    return (_nodes() if _OWN.began is None else _OWN.began) - _OWN.count


def _note_work(function: Any) -> None:
    """Have the backward of a stand-in say that it is at work."""
    backward = function.backward

    def working(ctx: Any, *cotangents: Any) -> Any:
        with _at_work(function):
            return backward(ctx, *cotangents)

    function.backward = staticmethod(working)


@contextlib.contextmanager
def _at_work(function: type) -> Iterator[None]:
    """Take what is done meanwhile for a stand-in's work, if `function` is one that is installed."""
    if _OWN.began is not None or function not in _OWN.installed:
        yield
        return
    _OWN.began = _nodes()
    try:
        yield
    finally:
        _OWN.count += _nodes() - _OWN.began
        _OWN.began = None


def _nodes() -> int:
    return int(torch._C._autograd._get_sequence_nr())
