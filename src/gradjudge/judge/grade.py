"""Grade one submission; the command makes a report of the findings.

::

     TRUSTED   grade ── run_check ──▶ hidden pytest check ── student.MSE.apply(...) ──▶ session.ask
                                                                                          │
     ═════════════════════════ trust line: closed value codec, no pickle ═════════════════╪═════════
                                                                                          ▼
     JAILED    session: holds the student's code, answers with values, can ask for nothing
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from typing import Any

import msgspec
import pytest

from gradjudge import __version__
from gradjudge.course.hand_in.submission import Submission
from gradjudge.course.rubric import Assignment, Item
from gradjudge.judge.plugin import UNGRADED, CheckContext, CheckOutcome, check_title, run_check
from gradjudge.judge.sessions import LiveSession
from gradjudge.judge.source.forbidden import forbidden_calls, unreadable
from gradjudge.reports.record import PENDING, CheckResult, CheckRun, Findings, ItemResult, Run, judge_item
from gradjudge.sandbox.client import Session, SessionLost
from gradjudge.text import Text
from gradjudge.wire.messages import Answer, Get, Ref

#: Name of the check that `grade` adds to an item with forbidden calls.
FORBIDDEN = "forbidden_calls"


class Environment(msgspec.Struct, frozen=True):
    """What grading needs besides the submission and the assignment.

    Attributes:
        checks: the collected hidden checks, by name.
        open_session: starts a jailed session for the submission.
        device: ``"cpu"`` or ``"cuda"``.
        seed: the course's secret seed.
        skip: checks that ended or hung an earlier judge: left ungraded, not tried again.
        killed_at: places at which a signal of unknown origin killed a session of an earlier judge.
        on_event: called with ``("cells", "")`` before the cells run, ``("check", name)`` once a check's session is
            ready, and ``("done", name)`` after the check.
    """

    checks: Mapping[str, pytest.Item]
    open_session: Callable[[], Session]
    device: str = "cpu"
    seed: str = ""
    skip: frozenset[str] = frozenset()
    killed_at: tuple[str, ...] = ()
    on_event: Callable[[str, str], None] = lambda _kind, _name: None


def grade(submission: Submission, assignment: Assignment, environment: Environment) -> Findings:
    """Grade one submission of one assignment.

    Raises:
        InternalError: a session could not be started, the machine is short of memory or disk, or a session was killed
            from outside (`SessionKilled`).
    """
    started = time.monotonic()
    with LiveSession(submission, environment.open_session, assignment, environment.killed_at) as session:
        environment.on_event("cells", "")
        session.run_cells()
        context = CheckContext(assignment, submission, session, environment.device, environment.seed)
        outcomes: dict[str, dict[str, CheckOutcome]] = {}
        items: dict[str, ItemResult] = {}
        for item in assignment.items:
            outcomes[item.name] = _run_checks(item, context, environment)
            items[item.name] = item_result(
                item, outcomes[item.name], environment.checks, context.results, assignment.languages
            )
            context.results[item.name] = items[item.name].state
        run = Run(
            device=environment.device,
            jail=session.layers or ("none",),
            versions=versions(),
            seconds=round(time.monotonic() - started, 3),
            checks={
                f"{name}/{check}": CheckRun(round(outcome.seconds, 4), outcome.detail)
                for name, done in outcomes.items()
                for check, outcome in done.items()
            },
            cells=session.details,
            restarts=session.restarts,
            output=session.output,
            host=platform.node(),
            started=datetime.now(UTC).isoformat(timespec="seconds"),
            bounds=context.bounds,
            used=round(session.used, 3),
            waited=round(session.waited, 3),
        )
        cells = tuple(session.cells[index] for index in sorted(session.cells))
        remarks = tuple(remark.noted(assignment.languages) for remark in submission.remarks)
        return Findings(submission.digest, submission.language or "", items, run, cells, remarks)


def _run_checks(item: Item, context: CheckContext, environment: Environment) -> dict[str, CheckOutcome]:
    """Run an item's checks in the order of the rubric."""
    outcomes: dict[str, CheckOutcome] = {}
    if item.forbidden:
        outcomes[FORBIDDEN] = _check_source(item, context)
    for name in item.checks:
        if name in environment.skip:
            outcomes[name] = CheckOutcome("ungraded", UNGRADED, "this check ended or hung its judge", 0.0)
        elif name not in environment.checks:
            outcomes[name] = CheckOutcome("ungraded", UNGRADED, "no hidden test of this name was collected", 0.0)
        else:
            # A replay of the cells is not the check's time: the supervisor would take it for a hang.
            outcomes[name] = run_check(
                environment.checks[name], context, on_ready=partial(environment.on_event, "check", name)
            )
            environment.on_event("done", name)
    if FORBIDDEN in outcomes and outcomes[FORBIDDEN].state == "passed" and _earns(item, outcomes):
        outcomes[FORBIDDEN] = _check_readable(item, context) or outcomes[FORBIDDEN]
    return outcomes


def _earns(item: Item, outcomes: Mapping[str, CheckOutcome]) -> bool:
    """Tell whether an item would earn points, apart from the check of its source."""
    states = [outcomes[name].state == "passed" for name in item.checks if name in outcomes]
    return any(states) if any(worth is not None for worth in item.checks.values()) else bool(states) and all(states)


def _check_readable(item: Item, context: CheckContext) -> CheckOutcome | None:
    """Fail the check of the source if the session has a function of its rules that is not found in the text."""
    started = time.monotonic()

    def fetch(name: str) -> object:
        root, *path = name.split(".")
        reply = context.session.ask(Get(Ref(root, tuple(path))))
        return reply.value if isinstance(reply, Answer) else None

    try:
        with context.session.check(f"{FORBIDDEN} of {item.name}"):
            found = unreadable(fetch=fetch, rules=item.forbidden, **_source_of(item, context))
    except SessionLost:
        return None
    if not found:
        return None
    message = Text(
        "{function} could not be read: define it with a plain def or class in a cell or a file that you hand in",
        function=found[0],
    )
    return CheckOutcome("failed", message, f"not found in the source: {', '.join(found)}", time.monotonic() - started)


def _check_source(item: Item, context: CheckContext) -> CheckOutcome:
    started = time.monotonic()
    found = forbidden_calls(rules=item.forbidden, **_source_of(item, context))
    seconds = time.monotonic() - started
    if not found:
        return CheckOutcome("passed", None, "", seconds)
    message = Text(
        "{function} uses {call}, which this question asks you to do without",
        function=found[0].function,
        call=found[0].call,
        mistake="ruled out",
    )
    return CheckOutcome("failed", message, "; ".join(str(one) for one in found), seconds)


def _source_of(item: Item, context: CheckContext) -> dict[str, Any]:
    """Return the arguments of `forbidden_calls` and `unreadable`, except the rules."""
    submission, others = context.submission, (other for other in context.assignment.items if other is not item)
    return {
        "sources": [cell.source for cell in submission.cells],
        "companions": context.modules,
        "broken": [index for index, cell in context.session.cells.items() if cell.state != "cut"],
        "apart": {name for other in others for rule in other.forbidden for name in rule.within},
    }


def item_result(
    item: Item,
    outcomes: Mapping[str, CheckOutcome],
    checks: Mapping[str, pytest.Item],
    before: Mapping[str, str],
    languages: Sequence[str],
) -> ItemResult:
    """Turn the outcomes of an item's checks into its result; `before` has the states of earlier items."""
    if item.kind == "manual":
        return ItemResult(0.0, item.points, PENDING, "manual", hint=item.hint)
    banned = FORBIDDEN in outcomes and outcomes[FORBIDDEN].state != "passed"
    results = tuple(_check_result(item, name, outcome, checks, banned, languages) for name, outcome in outcomes.items())
    points, state = judge_item(item.points, results, separate=any(p is not None for p in item.checks.values()))
    helped = any(before[need] != "passed" for need in item.needs)
    stand_ins = dict.fromkeys(name for outcome in outcomes.values() for name in outcome.judged_with)
    judged_with = tuple(stand_ins) if helped else ()
    return ItemResult(points, item.points, state, "auto", results, judged_with, item.hint)


def _check_result(
    item: Item,
    name: str,
    outcome: CheckOutcome,
    checks: Mapping[str, pytest.Item],
    banned: bool,
    languages: Sequence[str],
) -> CheckResult:
    worth = item.checks.get(name) or 0.0
    if name == FORBIDDEN:
        title = FORBIDDEN_TITLE.in_languages(languages)
    else:
        title = check_title(checks[name]) if name in checks else {}
    return CheckResult(
        name=name,
        title=title,
        state=outcome.state,
        points=worth if outcome.state == "passed" and not banned else 0.0,
        max=worth,
        message=outcome.message.in_languages(languages) if outcome.message else {},
        mistake=outcome.message.mistake if outcome.message else "",
    )


FORBIDDEN_TITLE = Text("The question is answered without the functions that it rules out.")


def versions() -> dict[str, str]:
    """Return the versions that a verdict depends on."""
    return {
        "gradjudge": __version__,
        "python": platform.python_version(),
        **{name: version(name) for name in ("torch", "numpy", "scikit-learn")},
    }
