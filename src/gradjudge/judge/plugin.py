"""pytest on the trusted side: fixtures and marks for hidden tests, and what became of each check.

The plugin is loaded by name in the judge host only. Tests are collected once; each submission is judged in a fork.
A test that passes is a passed check; `CheckFailed` is the student's failure; a lost session is a time-out or a crash;
everything else (a bare assertion, a bug, a skip) is the grader's fault and makes the check ``ungraded``.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from typing import Any, NamedTuple

import pytest
import torch
from _pytest.runner import runtestprotocol
from msgspec.structs import replace

from gradjudge.course.hand_in.submission import Submission, read_modules
from gradjudge.course.rubric import Assignment
from gradjudge.judge.bounds import Bound, Side
from gradjudge.judge.cell_messages import in_seconds
from gradjudge.judge.proxy.failures import CheckFailed, StudentRaised, bounded_detail
from gradjudge.judge.proxy.student import Student
from gradjudge.judge.sessions import LiveSession
from gradjudge.judge.source.own_text import OwnText
from gradjudge.reports.record import Compared
from gradjudge.sandbox.client import SessionLost
from gradjudge.text import LANGUAGES, Text
from gradjudge.wire.messages import Define, Missing, PassesDone, Raised, Ref, Reply, Request, Steps


class CheckOutcome(NamedTuple):
    """What became of one check: its state, what the student is told, what staff may read.

    `raised` says that it failed only because the student's code raised.
    """

    state: str
    message: Text | None
    detail: str
    seconds: float
    judged_with: tuple[str, ...] = ()
    raised: bool = False


class CheckContext:
    """All that the hidden tests of one submission may see.

    Attributes:
        results: states of the items that are done, for follow-through.
        modules: text of the modules of the submission, by name.
        text: the student's own text.
        stand_ins: names that stood in for the student's own in the check under way.
        offered: names for which the check under way has a stand-in, should it fail with the student's own.
        ways: how many ways there are to put them in.
        helping: which of these is used now; 0 for the student's own.
        deadly: whether a check that has stand-ins was lost with the student's own before.
        bounds: what the bounds of ``grading.toml`` were compared with, the worst number of each.
    """

    def __init__(
        self, assignment: Assignment, submission: Submission, session: LiveSession, device: str, seed: str
    ) -> None:
        self.assignment = assignment
        self.submission = submission
        self.session = session
        self.device = device
        self.seed = seed
        self.results: dict[str, str] = {}
        self.stand_ins: list[str] = []
        self.offered: list[str] = []
        self.ways = 0
        self.helping = 0
        self.deadly = False
        self.bounds: dict[str, Compared] = {}
        self.excinfo: BaseException | None = None
        self.student: Student | None = None
        self.modules = read_modules(submission)
        self.text = OwnText(submission.cells, self.modules)

    def ask(self, request: Request) -> Reply:
        """Ask the session; give its reply with nothing in it that the student may not be told.

        Of names that the session chose, only what the student has defined goes back; of what was raised, places are as
        they count, and limits as ``grading.toml`` sets them.

        Raises:
            SessionLost: see `gradjudge.judge.sessions.LiveSession.ask`.
        """
        if isinstance(request, Define) and request.instead:
            self.stand_ins.append(request.names[0])
        reply, asked = self.session.ask(request), _names_in(request)
        if isinstance(reply, Missing):
            return Missing(reply.name, tuple(name for name in reply.nearest if name in self.text.defined))
        if isinstance(reply, Raised):
            return self._told(reply, asked)
        if isinstance(reply, PassesDone):
            results = (
                result if result.raised is None else replace(result, raised=self._told(result.raised, asked))
                for result in reply.results
            )
            return PassesDone(tuple(results))
        return reply

    def _told(self, raised: Raised, asked: frozenset[str]) -> Raised:
        return self.text.told(self.session.with_most(raised), asked)

    def compared(self, item: str, name: str, value: float, side: Side) -> None:
        """Keep a number that a bound was compared with, if it is worse than those before; not finite is worst."""
        before = self.bounds.get(name)
        if before is not None and (before.value is None or before.side != side):
            return
        if not math.isfinite(value):
            self.bounds[name] = Compared(item, side, None)
        elif before is None or before.value is None or (value > before.value) is (side == "most"):
            self.bounds[name] = Compared(item, side, float(value))


_CONTEXT = pytest.StashKey[CheckContext]()


def pytest_configure(config: pytest.Config) -> None:
    """Register the mark that ties a check to its item."""
    config.addinivalue_line("markers", "item(name): the item of grading.toml that this hidden check belongs to")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Keep the first exception of a check; pytest's own report has only its text."""
    context = item.config.stash.get(_CONTEXT, None)
    if context is not None and call.excinfo is not None and context.excinfo is None:
        context.excinfo = call.excinfo.value
    return (yield)


def _context(request: pytest.FixtureRequest) -> CheckContext:
    return request.config.stash[_CONTEXT]


@pytest.fixture
def student(request: pytest.FixtureRequest) -> Student:
    """Offer the names that the student's code defined: ``student.MSE.apply(yhat, y)``."""
    context = _context(request)
    context.student = Student(context.ask, context.assignment.aliases)
    return context.student


@pytest.fixture
def device(request: pytest.FixtureRequest) -> torch.device:
    """Give the device that is graded on."""
    return torch.device(_context(request).device)


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> torch.Generator:
    """Give a CPU generator seeded from the course's secret, the assignment and the check: the same for all students.

    A check that is made again with stand-ins draws anew: a folder's name, say, is not that of the first time.
    """
    context = _context(request)
    text = f"{context.seed}\0{context.assignment.name}\0{check_name(request.node)}" + "\0again" * context.helping
    seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:7], "big")
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def threshold(request: pytest.FixtureRequest) -> Callable[[str], float]:
    """Give the bounds of ``grading.toml``, the tolerance of the device included."""
    context = _context(request)
    note = partial(context.compared, item_name(request.node))
    return lambda name: Bound(context.assignment.threshold(name).on(context.device), name, note)


@pytest.fixture
def sources(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """Give the student's code as text, one entry per cell."""
    return tuple(cell.source for cell in _context(request).submission.cells)


@pytest.fixture
def passed(request: pytest.FixtureRequest) -> Callable[[str], bool]:
    """Tell whether an item that was judged before has passed."""
    context = _context(request)

    def tell(item: str) -> bool:
        if item not in context.results:
            raise LookupError(f"item {item!r} has not been judged yet: name it in `needs` of this item")
        return context.results[item] == "passed"

    return tell


@pytest.fixture
def instead(request: pytest.FixtureRequest) -> Iterator[Callable[..., None]]:
    """Put a stand-in for a name that has failed in its place, if the check fails with the student's own.

    ``instead("MSE", student.stand_in("MSE", ...))``: the check runs with the student's own first, then, if it has
    failed, with the stand-in, and has the better outcome of the two. Further stand-ins are tried in turn.
    """
    context = _context(request)
    with ExitStack() as standing:

        def offer(name: str, *stand_ins: AbstractContextManager[None]) -> None:
            context.offered.append(name)
            context.ways = max(context.ways, len(stand_ins))
            if context.helping:
                standing.enter_context(stand_ins[min(context.helping, len(stand_ins)) - 1])

        yield offer


def check_name(item: pytest.Item) -> str:
    """Return a check's name: its test's, without ``test_``."""
    return item.name.removeprefix("test_")


def item_name(item: pytest.Item) -> str:
    """Return the name of the grading item that a test is marked with, or an empty string."""
    mark = item.get_closest_marker("item")
    return str(mark.args[0]) if mark is not None and mark.args else ""


def check_title(item: pytest.Item) -> dict[str, str]:
    """Read a check's one-line descriptions from its docstring: the first line is English, ``fr:`` starts the French.

    So do the codes of other languages theirs.
    """
    lines = [line.strip() for line in (getattr(getattr(item, "obj", None), "__doc__", None) or "").strip().splitlines()]
    if not lines:
        return {}
    others = {language: f"{language}:" for language in LANGUAGES}
    told = {
        code: line.removeprefix(start).strip()
        for line in reversed(lines)
        for code, start in others.items()
        if line.startswith(start)
    }
    return told | {"en": lines[0]}


def run_check(item: pytest.Item, context: CheckContext, *, on_ready: Callable[[], None] = lambda: None) -> CheckOutcome:
    """Run one collected check against one submission.

    Args:
        item: the check.
        context: the submission.
        on_ready: called when the session is there, which after a death takes a replay of the cells first.
    """
    context.ways, context.helping = 0, int(context.deadly)
    bounds, ours = dict(context.bounds), bool(context.helping)
    outcome = _attempt(item, context, on_ready)
    while outcome.state not in ("passed", "ungraded") and context.helping < context.ways:
        context.deadly |= outcome.state != "failed"
        context.helping += 1
        context.bounds = dict(bounds)
        outcome = _better(outcome, _attempt(item, context, on_ready), context.offered, ours=ours)
    return outcome


def _better(own: CheckOutcome, helped: CheckOutcome, offered: Sequence[str], *, ours: bool) -> CheckOutcome:
    """Choose between what became of a check with the student's own functions and with stand-ins for some of them.

    Where both fail, what was found with the stand-ins says more of the function that is judged, unless it is only that
    something was raised.
    """
    if helped.state in ("passed", "ungraded") or (helped.state == "failed" and not helped.raised):
        return helped
    names = ", ".join(f"`{name}`" for name in dict.fromkeys(offered))
    if own.state == "failed":
        return _said(own, names, ours=ours)
    return _said(helped, names, ours=True)


def _said(outcome: CheckOutcome, names: str, *, ours: bool) -> CheckOutcome:
    """Add whose functions they were with which something was raised."""
    said = outcome.message
    if said is None or not outcome.raised:
        return outcome
    if ours:
        message = Text(
            "{said} This was with our own {names} instead of yours, which did not pass.",
            said=said,
            names=names,
            mistake=said.mistake,
        )
    else:
        message = Text("{said} This was with your own {names}.", said=said, names=names, mistake=said.mistake)
    return outcome._replace(message=message, raised=False)


def _attempt(item: pytest.Item, context: CheckContext, on_ready: Callable[[], None]) -> CheckOutcome:
    item.config.stash[_CONTEXT] = context
    context.excinfo = context.student = None
    context.stand_ins.clear()
    context.offered.clear()
    start = time.monotonic()
    try:
        with context.session.check(check_name(item)):
            on_ready()
            start = time.monotonic()
            reports = runtestprotocol(item, log=False, nextitem=None)
    except SessionLost as lost:
        return _lost(lost, context, time.monotonic() - start)
    except (KeyboardInterrupt, SystemExit, pytest.exit.Exception) as fault:  # a hidden test that tries to leave
        return CheckOutcome("ungraded", UNGRADED, repr(fault), time.monotonic() - start)
    error = _single(context.excinfo)
    misused = context.student.misused(error) if context.student is not None and error is not None else None
    outcome = _outcome(reports, misused or error, context, time.monotonic() - start)
    judged_with = dict.fromkeys(context.stand_ins) if context.helping or not context.offered else ()
    return outcome._replace(detail=bounded_detail(outcome.detail), judged_with=tuple(judged_with))


def _single(error: BaseException | None) -> BaseException | None:
    """Return the first of what several fixtures raised as they ended, if a lost session or the student is behind all.

    A session that is lost when a check is over is lost to every fixture that has something to put back in it.
    """
    if not isinstance(error, BaseExceptionGroup):
        return error
    parts = [_single(part) for part in error.exceptions]
    return parts[0] if all(isinstance(part, SessionLost | CheckFailed) for part in parts) else error


def _outcome(
    reports: Iterable[Any], error: BaseException | None, context: CheckContext, seconds: float
) -> CheckOutcome:
    reports = list(reports)
    if error is None and all(report.passed for report in reports) and reports:
        return CheckOutcome("passed", None, "", seconds)
    if isinstance(error, CheckFailed):
        return CheckOutcome("failed", error.text, error.detail, seconds, raised=isinstance(error, StudentRaised))
    if isinstance(error, SessionLost):
        return _lost(error, context, seconds)
    detail = "\n".join(str(report.longrepr) for report in reports if not report.passed)
    return CheckOutcome("ungraded", UNGRADED, detail or repr(error), seconds)


UNGRADED = Text("this could not be graded because of a fault on our side; it costs you nothing and staff has been told")

_LOST = {
    "out-of-time": Text("the time for grading was used up, by this check or by earlier cells and checks"),
    "restarts": Text("this check was not run: your code had ended its Python process too often before"),
    "protocol": Text("your code broke the line between it and the grader during this check"),
    "crashed": Text("your code ended the Python process during this check"),
}


def _lost(lost: SessionLost, context: CheckContext, seconds: float) -> CheckOutcome:
    """Say why there was no answer."""
    state = "timed-out" if lost.reason in ("timed-out", "out-of-time") else "crashed"
    detail = f"{lost.reason}: {lost.detail}"
    over = context.session.over_limit(lost.reason)
    if over is not None:
        message = Text("your code {over} during this check", over=over)
        return CheckOutcome(state, message, detail, seconds)
    if lost.reason == "timed-out":
        message = Text(
            "your code did not answer within {seconds}, the time limit of this check",
            seconds=in_seconds(context.assignment.limits.check_seconds),
        )
        return CheckOutcome(state, message, detail, seconds)
    return CheckOutcome(state, _LOST.get(lost.reason, _LOST["crashed"]), detail, seconds)


def _names_in(request: Request) -> frozenset[str]:
    """Return the names that a request asks for: attributes and keyword arguments."""
    if isinstance(request, Steps):
        fetched = (step.args[1] for step in request.steps if step.ref.root == "builtins:getattr" and len(step.args) > 1)
        names = (name for step in request.steps for name in (*step.ref.path, *step.kwargs))
        return frozenset(name for name in (*fetched, *names) if type(name) is str)
    ref, kwargs = getattr(request, "ref", Ref("")), getattr(request, "kwargs", {})
    return frozenset((*ref.path, *kwargs))
