"""Find calls that a question rules out, by static analysis of the student's source.

A rule applies to functions of the submission and whatever of the submission they call: a debugging cell that compares
with autograd is good practice and never counts. Names are followed through imports (``import torch.autograd as ag``),
assignments (``g = ag.grad``), ``getattr`` with a constant name, ``importlib`` and constant ``eval``.

Source can always be obfuscated beyond static analysis. If a hidden check can run the function under
``torch.inference_mode``, that decides, and this module finds the line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from gradjudge.judge.source.names import NameReader
from gradjudge.judge.source.program import read_program
from gradjudge.judge.source.syntax import is_under

TOO_MUCH = "more code than can be read"


class Rule(Protocol):
    """Calls that must not appear in some functions (`gradjudge.course.rubric.Forbidden` is one)."""

    @property
    def within(self) -> Sequence[str]:
        """Dotted names of the student's functions: ``"grad_mse"``, ``"MSE.backward"``."""

    @property
    def calls(self) -> Sequence[str]:
        """Dotted names, including everything below them; ``".backward"`` is that method of any object."""


class ForbiddenCall(NamedTuple):
    """One use of a forbidden name, in or below a function of the rule.

    `place` is ``(cell index, line)``, or None in a companion; `module` is then its name.
    """

    function: str
    call: str
    place: tuple[int, int] | None
    module: str = ""

    def __str__(self) -> str:
        """Describe it for staff."""
        where = f"in {self.module}" if self.place is None else f"cell {self.place[0]}, line {self.place[1]}"
        return f"{self.function}: {self.call} ({where})"


def forbidden_calls(
    sources: Sequence[str],
    rules: Iterable[Rule],
    *,
    companions: Mapping[str, str] | None = None,
    apart: Iterable[str] = (),
    broken: Iterable[int] = (),
) -> tuple[ForbiddenCall, ...]:
    """Return every use of a forbidden name, in the order of the rules.

    Args:
        sources: the student's code, one entry per cell; a cell that does not parse defines nothing.
        rules: what is forbidden where.
        companions: source of the modules handed in beside it, by name; calls are followed into them.
        apart: functions that have rules of their own elsewhere: calls are not followed into them.
        broken: cells that raised or were stopped, whose statements may not all have been executed.

    ``X.backward(ctx, g)`` on a class of the submission, or with a context before the gradient, is the student's own
    function called by hand and never counts as ``".backward"``.
    """
    program = read_program(sources, companions or {}, apart, broken)
    found: dict[ForbiddenCall, None] = {}
    for rule in rules:
        for function in rule.within:
            if program.unread:  # padding must not hide what comes after it
                found.setdefault(ForbiddenCall(function, TOO_MUCH, None, "a submission too large to be read"))
            for node, cell in program.reachable(function):
                module = cell if isinstance(cell, str) else ""
                for call, line in NameReader(program, node, module=module).uses(rule.calls):
                    place = None if isinstance(cell, str) else (cell, line)
                    found.setdefault(ForbiddenCall(function, call, place, module))
    return tuple(found)


def unreadable(
    sources: Sequence[str],
    rules: Iterable[Rule],
    *,
    fetch: Callable[[str], object],
    companions: Mapping[str, str] | None = None,
    apart: Iterable[str] = (),
    broken: Iterable[int] = (),
) -> tuple[str, ...]:
    """Return the functions of the rules that exist in the session but whose definition was not found in the source.

    Args:
        sources, rules, companions, apart, broken: as for `forbidden_calls`, with the same values.
        fetch: fetches a dotted name from the session, None if it is not defined; called only for names not found.
    """
    program = read_program(sources, companions or {}, apart, broken)
    functions = dict.fromkeys(function for rule in rules for function in rule.within)
    unread = (function for function in functions if not program.has_read(function))
    return tuple(
        function for function in unread if fetch(function) is not None and not program.is_taken(function, fetch)
    )


def leads_to(sources: Sequence[str], function: str, names: Iterable[str]) -> bool:
    """Tell whether a function of the submission, or anything that it calls, refers to one of `names`.

    ``leads_to(sources, "train_batch", ["MSE", "mse"])``: does training use the student's own MSE?
    """
    program, wanted = read_program(sources, {}, ()), tuple(names)
    reached = (path for node, _ in program.reachable(function) for path, _ in NameReader(program, node).paths())
    return any(is_under(path, name) for path in reached for name in wanted)
