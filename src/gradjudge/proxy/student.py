"""The student's namespace as a hidden test sees it: ``student.MSE.apply(yhat, y)``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from gradjudge.proxy.failures import StudentRaised
from gradjudge.proxy.line import Ask, Line, missing
from gradjudge.proxy.objects import receive, send
from gradjudge.wire.messages import Get, Missing, Raised, Ref, Restore, Set, StandIn


class Student:
    """Reach the student's global names.

    ``student.NAME`` is a value, or a `FunctionProxy`, `CallableProxy` or `ObjectProxy`.

    Args:
        ask: sends a request to the session and waits for its reply; may raise when the session is lost.
        aliases: for a name, other names that are looked up, in order, when it is not defined.

    Raises:
        CheckFailed: neither the name nor an alias is defined; the text has the nearest names that are.
    """

    def __init__(self, ask: Ask, aliases: Mapping[str, Sequence[str]] | None = None) -> None:
        vars(self).update(_ask=ask, _line=Line(ask), _aliases=dict(aliases or {}), _standing=[])

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # copy, pickle and pytest look for these; the student's namespace is not asked
            raise AttributeError(name)
        nearest: tuple[str, ...] = ()
        for candidate in (name, *self._aliases.get(name, ())):
            reply = self._ask(Get(Ref(candidate)))
            if isinstance(reply, Raised):
                raise StudentRaised(reply, where=name)
            if not isinstance(reply, Missing):
                return receive(getattr(reply, "value", None), self._line, name)
            nearest = nearest or reply.nearest
        raise missing(name, nearest)

    def __setattr__(self, name: str, value: Any) -> None:
        self._line.answer(Set(Ref(name), send(value)), name)

    def __repr__(self) -> str:
        return "<Student>"

    @contextmanager
    def stand_in(self, function: str, *, apply: str = "", params: Sequence[str], formula: str) -> Iterator[None]:
        """Put a public stand-in in the place of a Function (and of the name bound to its ``apply``) for a while.

        Args:
            function: global name of the class (``"Linear"``).
            apply: global name bound to its ``apply`` (``"linear"``), or empty.
            params: names of the inputs, in order.
            formula: expression over them that the statement itself gives (``"x @ w + b"``).
        """
        request = StandIn(function, apply, tuple(params), formula)
        self._line.answer(request, function)
        self._standing.append(request)
        try:
            yield
        finally:
            self._standing.remove(request)
            self._line.answer(Restore(), function)
            for outer in self._standing:  # `Restore` undoes all of them
                self._line.answer(outer, outer.function)
