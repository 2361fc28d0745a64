"""The pytest plugin of the judge host: fixtures and marks for hidden tests, and the outcome of each check.

A test that passes is a passed check; `CheckFailed` is the student's failure; a lost session is a time-out or a crash;
anything else (a bare assertion, a bug, a skip) is the grader's fault and makes the check ``ungraded``.
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
    """The outcome of one check: its state, message for the student, and detail for staff.

    `raised` means that it failed only because the student's code raised.
    """

    state: str
    message: Text | None
    detail: str
    seconds: float
    judged_with: tuple[str, ...] = ()
    raised: bool = False


class CheckContext:
    """What the hidden tests of one submission work with.

    Attributes:
        results: states of the items graded so far, for follow-through.
        modules: source of the submission's modules, by name.
        text: the student's own source.
        stand_ins: names replaced by stand-ins in the current check.
        offered: names for which the current check has stand-ins, to be used if it fails with the student's own.
        ways: number of alternative stand-ins.
        helping: which alternative is in use, from 1; 0 for the student's own.
        deadly: whether an earlier check with stand-ins lost its session with the student's own.
        bounds: for each bound of ``grading.toml``, the worst number that it was compared with.
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
        """Ask the session and return its reply without anything that the student must not be told.

        Suggested names are restricted to those that the student has defined; exceptions get places as students count
        them, and limits from ``grading.toml``.

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
        """Record a number that a bound was compared with, if worse than those before; non-finite is worst."""
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
    """Keep the first exception of a check; pytest's report has only its text."""
    context = item.config.stash.get(_CONTEXT, None)
    if context is not None and call.excinfo is not None and context.excinfo is None:
        context.excinfo = call.excinfo.value
    return (yield)


def _context(request: pytest.FixtureRequest) -> CheckContext:
    return request.config.stash[_CONTEXT]


@pytest.fixture
def student(request: pytest.FixtureRequest) -> Student:
    """Return the student's namespace: ``student.MSE.apply(yhat, y)``."""
    context = _context(request)
    context.student = Student(context.ask, context.assignment.aliases)
    return context.student


@pytest.fixture
def device(request: pytest.FixtureRequest) -> torch.device:
    """Return the device that is graded on."""
    return torch.device(_context(request).device)


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> torch.Generator:
    """Return a CPU generator seeded from the course's secret, the assignment and the check: the same for all students.

    A check repeated with stand-ins gets another seed, so that the name of a folder, say, differs from the first time.
    """
    context = _context(request)
    text = f"{context.seed}\0{context.assignment.name}\0{check_name(request.node)}" + "\0again" * context.helping
    seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:7], "big")
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def threshold(request: pytest.FixtureRequest) -> Callable[[str], float]:
    """Return a function from names to bounds of ``grading.toml``, including the device's tolerance."""
    context = _context(request)
    note = partial(context.compared, item_name(request.node))
    return lambda name: Bound(context.assignment.threshold(name).on(context.device), name, note)


@pytest.fixture
def sources(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """Return the student's source, one entry per cell."""
    return tuple(cell.source for cell in _context(request).submission.cells)


@pytest.fixture
def passed(request: pytest.FixtureRequest) -> Callable[[str], bool]:
    """Return a function that tells whether an earlier item has passed."""
    context = _context(request)

    def tell(item: str) -> bool:
        if item not in context.results:
            raise LookupError(f"item {item!r} has not been judged yet: name it in `needs` of this item")
        return context.results[item] == "passed"

    return tell


@pytest.fixture
def instead(request: pytest.FixtureRequest) -> Iterator[Callable[..., None]]:
    """Repeat the check with stand-ins if it fails with the student's own functions.

    ``instead("MSE", student.stand_in("MSE", ...))``: the check runs with the student's own first and, if it fails,
    with the stand-in; the better outcome counts. Further stand-ins are tried in turn.
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
    """Read a check's descriptions by language from its docstring: the first line in English, others as ``fr: ...``."""
    lines = [line.strip() for line in (getattr(getattr(item, "obj", None), "__doc__", None) or "").strip().splitlines()]
    if not lines:
        return {}
    titles = {"en": lines[0]}
    for line in lines[1:]:
        language, colon, title = line.partition(":")
        if colon and language in LANGUAGES:
            titles.setdefault(language, title.strip())
    return titles


def run_check(item: pytest.Item, context: CheckContext, *, on_ready: Callable[[], None] = lambda: None) -> CheckOutcome:
    """Run one collected check against one submission.

    Args:
        item: the check.
        context: the submission.
        on_ready: called once the session is ready, which after a death means a replay of the cells.
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
    """Choose between the outcomes of a check with the student's own functions and with stand-ins.

    If both fail, the failure with stand-ins says more about the function under test, unless it is only an exception.
    """
    if helped.state in ("passed", "ungraded") or (helped.state == "failed" and not helped.raised):
        return helped
    names = ", ".join(f"`{name}`" for name in dict.fromkeys(offered))
    if own.state == "failed":
        return _said(own, names, ours=ours)
    return _said(helped, names, ours=True)


def _said(outcome: CheckOutcome, names: str, *, ours: bool) -> CheckOutcome:
    """Add to an exception's message whether it came with the student's own functions or with ours."""
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
    except (KeyboardInterrupt, SystemExit, pytest.exit.Exception) as fault:  # a hidden test tries to exit
        return CheckOutcome("ungraded", UNGRADED, repr(fault), time.monotonic() - start)
    error = _single(context.excinfo)
    misused = context.student.misused(error) if context.student is not None and error is not None else None
    outcome = _outcome(reports, misused or error, context, time.monotonic() - start)
    judged_with = dict.fromkeys(context.stand_ins) if context.helping or not context.offered else ()
    return outcome._replace(detail=bounded_detail(outcome.detail), judged_with=tuple(judged_with))


def _single(error: BaseException | None) -> BaseException | None:
    """Return the first exception of a group if all are lost sessions or the student's failures.

    When a session is lost at the end of a check, every fixture that has something to restore in it raises.
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
    """Return the outcome of a check whose session was lost."""
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
    """Return the attributes and keyword arguments named in a request."""
    if isinstance(request, Steps):
        fetched = (step.args[1] for step in request.steps if step.ref.root == "builtins:getattr" and len(step.args) > 1)
        names = (name for step in request.steps for name in (*step.ref.path, *step.kwargs))
        return frozenset(name for name in (*fetched, *names) if type(name) is str)
    ref, kwargs = getattr(request, "ref", Ref("")), getattr(request, "kwargs", {})
    return frozenset((*ref.path, *kwargs))
