"""Replace functions of the student's by public stand-ins: the statement's formula, differentiated by autograd."""

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
    """Rebind the student's names to stand-ins, and back.

    Args:
        names: the student's globals. Names in companion modules (files handed in beside the submission) are rebound
            too, as functions there see their own module's names.
    """

    def __init__(self, names: dict[str, Any]) -> None:
        self._names = names
        self._folder = os.getcwd()  # noqa: PTH109  # the submission may leave it, or remove it
        self._undo: list[tuple[dict[str, Any], str, Any]] = []

    def install(self, made: Mapping[str, Any]) -> None:
        """Bind names to stand-ins.

        For a Function, the name of its ``apply`` is bound to the same form as the student's (the class, its ``apply``
        or an instance); other names of the student's Function are rebound as well.

        Args:
            made: stand-in for each name; a Function comes before its ``apply``.
        """
        own: Any = _ABSENT
        owners: list[tuple[Any, type[torch.autograd.Function]]] = []
        for name, item in made.items():
            theirs, function = self._names.get(name, _ABSENT), _function_class(item)
            if function is None:
                self._bind(name, item)
            elif item is function:
                own = theirs
                _note_work(function)
                _WORK.installed.add(function)
                self._bind(name, item)
                owners.append((own, function))
            else:
                owner = _function_class(theirs)
                like = None if theirs is _ABSENT else _counterpart(theirs, owner or own, function)
                self._bind(name, like or item)
                owners.append((owner, function))
        for owner, function in owners:
            if isinstance(owner, type):
                self._bind_other_names(owner, function)

    def restore(self) -> None:
        """Undo every `install`."""
        _WORK.installed.clear()
        while self._undo:
            scope, name, item = self._undo.pop()
            if item is _ABSENT:
                scope.pop(name, None)
            else:
                scope[name] = item

    def _bind_other_names(self, owner: type, function: type[torch.autograd.Function]) -> None:
        for scope in (self._names, *_companions(self._folder)):
            for name, item in list(scope.items()):
                like = _counterpart(item, owner, function)
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


def _function_class(item: Any) -> Any:
    """Return the Function that `item` is, is the ``apply`` of, or is an instance of; None if there is none."""
    owner = item.__self__ if _is_apply(item) else item
    owner = owner if issubclass(type(owner), type) else type(owner)
    own = issubclass(owner, torch.autograd.Function) and owner is not torch.autograd.Function
    return owner if own else None


def _is_apply(item: Any) -> bool:
    return type(item) in (MethodType, BuiltinMethodType) and item.__name__ == "apply"


def _counterpart(item: Any, owner: Any, function: type[torch.autograd.Function]) -> Any:
    """Return for `function` what `item` is for `owner`: the class, its ``apply`` or an instance; None if neither."""
    if item is owner:
        return function
    if not isinstance(owner, type) or _function_class(item) is not owner:
        return None
    if _is_apply(item):
        return function.apply
    return function() if type(item) is owner else None


def _companions(folder: str) -> Iterator[dict[str, Any]]:
    """Yield the namespaces of the modules imported from `folder`."""
    # Strings, not paths: with thousands of modules, a Path for each would take 50 ms.
    for module in list(sys.modules.values()):
        if isinstance(module, ModuleType):
            file = vars(module).get("__file__")
            if type(file) is str and os.path.dirname(file) == folder:  # noqa: PTH120
                yield vars(module)


class _Work(threading.local):
    """What stand-ins do in this thread.

    Attributes:
        count: graph nodes that they have made.
        began: number of nodes when the running stand-in's backward began; None if none is running.
        installed: Functions that were requested: one made by the student's own code may not use autograd.
    """

    count = 0
    began: int | None = None
    installed: ClassVar[set[type]] = set()


_WORK: Final = _Work()


def at_work() -> bool:
    """Tell whether this thread is in a stand-in's backward, which may use autograd."""
    return _WORK.began is not None


def nodes_of_others() -> int:
    """Return how many graph nodes this thread has made so far, without those of stand-ins."""
    return (_nodes() if _WORK.began is None else _WORK.began) - _WORK.count


def _note_work(function: Any) -> None:
    """Wrap the backward of a stand-in, so that its use of autograd is not counted as the student's."""
    backward = function.backward

    def working(ctx: Any, *cotangents: Any) -> Any:
        with _at_work(function):
            return backward(ctx, *cotangents)

    function.backward = staticmethod(working)


@contextlib.contextmanager
def _at_work(function: type) -> Iterator[None]:
    """Count graph nodes made meanwhile as a stand-in's, if `function` is installed."""
    if _WORK.began is not None or function not in _WORK.installed:
        yield
        return
    _WORK.began = _nodes()
    try:
        yield
    finally:
        _WORK.count += _nodes() - _WORK.began
        _WORK.began = None


def _nodes() -> int:
    return int(torch._C._autograd._get_sequence_nr())
