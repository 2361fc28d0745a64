"""Find calls that a question rules out, by reading the student's source. Nothing is ever executed here.

A rule concerns functions of the submission and whatever of the submission they call: a debugging cell that compares
with autograd is good practice and never counts. Names are followed through imports (``import torch.autograd as ag``),
assignments (``g = ag.grad``), ``getattr`` with a constant name, ``importlib`` and constant ``eval``.

A source can always be written so that no reader of it sees what it does. Where a hidden check can run the function
under ``torch.inference_mode`` (`derivatives`, `by_hand`), that decides, and this module names the line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from gradjudge.judge.source.names import NameReader
from gradjudge.judge.source.program import read_program
from gradjudge.judge.source.syntax import is_under

TOO_MUCH = "more code than can be read"


class Rule(Protocol):
    """Say which calls must not appear in which functions (`gradjudge.course.rubric.Forbidden` is one)."""

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
        apart: functions that answer for themselves elsewhere: they are not followed from another one.
        broken: cells that raised or were stopped: what stands in them may not have been executed.
        companions: source of each module that was handed in beside it, by name; calls are followed into them.

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
    """Return the functions of the rules that the session has though no definition of theirs was read.

    Args:
        sources, rules, companions, apart, broken: as for `forbidden_calls`, with the same values.
        fetch: asks the session for a dotted name; None if it has none. Only names that were not read are asked for.
    """
    program = read_program(sources, companions or {}, apart, broken)
    functions = dict.fromkeys(function for rule in rules for function in rule.within)
    unread = (function for function in functions if not program.has_read(function))
    return tuple(
        function for function in unread if fetch(function) is not None and not program.is_taken(function, fetch)
    )


def leads_to(sources: Sequence[str], function: str, names: Iterable[str]) -> bool:
    """Tell whether a function of the submission, or what it calls there, is or names one of `names`.

    ``leads_to(sources, "train_batch", ["MSE", "mse"])``: does training go through the student's own MSE?
    """
    program, wanted = read_program(sources, {}, ()), tuple(names)
    reached = (path for node, _ in program.reachable(function) for path, _ in NameReader(program, node).paths())
    return any(is_under(path, name) for path in reached for name in wanted)
