"""The student's namespace as a hidden test sees it: ``student.MSE.apply(yhat, y)``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gradjudge.judge.proxy.failures import CheckFailed, StudentRaised
from gradjudge.judge.proxy.line import Ask, Line, kind_of, missing
from gradjudge.judge.proxy.objects import ObjectProxy, receive, send
from gradjudge.text import Text
from gradjudge.wire.messages import Define, Get, Missing, Raised, Ref, Restore, Set

_FORMULA = Path(__file__).with_name("formula_session.py").read_text(encoding="utf-8")


class Student:
    """The student's globals: ``student.NAME`` is a value, `FunctionProxy`, `CallableProxy` or `ObjectProxy`.

    Args:
        ask: sends a request to the session and waits for its reply; may raise if the session is lost.
        aliases: for a name, other names to try, in order, if it is not defined.

    Raises:
        CheckFailed: neither the name nor an alias is defined; the message suggests similar names.
    """

    def __init__(self, ask: Ask, aliases: Mapping[str, Sequence[str]] | None = None) -> None:
        vars(self).update(_ask=ask, _line=Line(ask), _aliases=dict(aliases or {}), _standing=[], _given={})

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # copy, pickle and pytest look these up; do not ask the session
            raise AttributeError(name)
        nearest: tuple[str, ...] = ()
        for candidate in (name, *self._aliases.get(name, ())):
            reply = self._ask(Get(Ref(candidate)))
            if isinstance(reply, Raised):
                raise StudentRaised(reply, where=name)
            if not isinstance(reply, Missing):
                self._given[name] = receive(getattr(reply, "value", None), self._line, name)
                return self._given[name]
            nearest = nearest or reply.nearest
        raise missing(name, nearest)

    def __setattr__(self, name: str, value: Any) -> None:
        self._line.answer(Set(Ref(name), send(value)), name)

    def __repr__(self) -> str:
        return "<Student>"

    def misused(self, error: BaseException) -> CheckFailed | None:
        """Return a failure if an exception is due to a name of the wrong kind, otherwise None.

        If a student writes ``train = 5``, a test that calls ``student.train(x)`` raises TypeError, which is not a bug
        of the test.
        """
        if type(error) not in (TypeError, AttributeError):
            return None
        for name, value in self._given.items():
            if str(error).startswith(f"'{type(value).__name__}' object "):
                kind = Text("an object") if isinstance(value, ObjectProxy) else kind_of(value)
                text = Text("`{name}` is {kind}, and cannot be used as the question says.", name=name, kind=kind)
                return CheckFailed(text, detail=f"{type(error).__name__}: {error}")
        return None

    @contextmanager
    def stand_in(self, function: str, *, apply: str = "", params: Sequence[str], formula: str) -> Iterator[None]:
        """Replace a Function (and the name bound to its ``apply``) by a public stand-in, within the block.

        Args:
            function: global name of the class (``"Linear"``), or the alias under which the student has defined it.
            apply: global name bound to its ``apply`` (``"linear"``), or "".
            params: names of the inputs, in order.
            formula: expression over them, as in the statement (``"x @ w + b"``).
        """
        with self._standing_in(by_formula(self._written_as(function), apply, params, formula), function):
            yield

    @contextmanager
    def stand_in_source(self, name: str, source: str) -> Iterator[None]:
        """Replace a class or function of the student's by a public stand-in, within the block.

        Args:
            name: its global name (``"Value"``).
            source: Python source that defines it, with derivatives by autograd. The session can read it, so it must not
                contain more than the statement gives.
        """
        with self._standing_in(Define((name,), source, instead=True), name):
            yield

    def _written_as(self, name: str) -> str:
        """Return the name or first alias that the student has defined; `name` if none is."""
        others = self._aliases.get(name, ())
        found = (at for at in (name, *others) if not others or not isinstance(self._ask(Get(Ref(at))), Missing))
        return next(found, name)

    @contextmanager
    def _standing_in(self, request: Define, name: str) -> Iterator[None]:
        self._line.answer(request, name)
        self._standing.append((request, name))
        try:
            yield
        finally:
            self._standing.remove((request, name))
            self._line.answer(Restore(), name)
            for outer, outer_name in self._standing:  # `Restore` has undone the outer ones too
                self._line.answer(outer, outer_name)


def by_formula(function: str, apply: str, params: Sequence[str], formula: str) -> Define:
    """Return the request for a stand-in made from a formula; see `Student.stand_in`."""
    names = (function, apply) if apply else (function,)
    lines = [_FORMULA, f"{function} = make_function({function!r}, {tuple(params)!r}, {formula!r})"]
    lines += [f"{name} = {function}.apply" for name in names[1:]]
    return Define(names, "\n".join(lines), instead=True)


def line_of(student: Student) -> Line:
    """Return the connection to a student's session."""
    line: Line = student._line
    return line
