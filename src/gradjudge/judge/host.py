"""The judge host: a trusted process that collects the hidden tests once and forks one judge per submission.

`gradjudge.cohort.supervisor` runs it as ``python -m gradjudge.judge.host`` with a control socket (see
`gradjudge.wire.forkserver`), the zygote's control socket, and a pipe for the list of collected checks. Each judge
streams one JSON document per line: ``{"event": "session", "pid": ...}`` and ``{"event": "check", "name": ...}`` as it
goes, then ``{"event": "found", "found": {...}}``, ``{"event": "killed", ...}`` (a session was killed from outside) or
``{"event": "fault", ...}``.
"""

from __future__ import annotations

import gc
import hashlib
import os
import socket
import sys
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NoReturn

import msgspec
import pytest

from gradjudge.course.hand_in.submission import Submission, UnreadableSubmission, read_submission
from gradjudge.course.layout import Course
from gradjudge.course.rubric import Assignment, GradingLimits
from gradjudge.judge.jobs import Event, HostReady, HostSetup, JudgeSetup
from gradjudge.judge.sessions import SessionKilled
from gradjudge.reports.record import Findings, unjudged
from gradjudge.sandbox.client import JailedSession
from gradjudge.sandbox.policy import Policy
from gradjudge.sandbox.zygote import Zygote
from gradjudge.wire.forkserver import ForkServer, die_with_parent


class Host:
    """A pytest plugin that serves judges instead of running the tests."""

    def __init__(self, course: Course, setup: HostSetup) -> None:
        self.course = course
        self.setup = setup
        self.checks: dict[str, dict[str, pytest.Item]] = defaultdict(dict)
        self.problems: list[str] = []

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Record collection errors, for staff."""
        if report.failed:
            self.problems.append(f"{report.nodeid}: the hidden tests cannot be imported.\n{report.longreprtext}")

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Serve judges until the control socket is closed."""
        self._sort(session)
        for name in self.setup.assignments:
            self.problems += self._mismatches(self._assignment(name))
        collected = HostReady({name: sorted(checks) for name, checks in self.checks.items()}, self.problems)
        with os.fdopen(self.setup.ready, "wb") as ready:
            ready.write(msgspec.json.encode(collected))
        gc.collect()
        gc.freeze()
        ForkServer(self.setup.control).run(self._judge)
        return True

    def _sort(self, session: pytest.Session) -> None:
        from gradjudge.judge.plugin import check_name

        for item in session.items:
            assignment = item.path.relative_to(self.course.autograders).parts[0]
            name = check_name(item)
            if name in self.checks[assignment]:
                self.problems.append(f"{item.nodeid}: a second hidden check is named {name!r}; names must differ.")
            self.checks[assignment][name] = item

    def _mismatches(self, assignment: Assignment) -> list[str]:
        """Compare the checks in ``grading.toml`` with the hidden tests."""
        from gradjudge.judge.plugin import check_title, item_name

        have = self.checks[assignment.name]
        wanted = {check: item.name for item in assignment.items for check in item.checks}
        where = f"autograder/{assignment.name}"
        problems = [
            f"grading.toml: assignments.{assignment.name}.items.{item!r}: no hidden test test_{check} in {where}."
            for check, item in wanted.items()
            if check not in have
        ]
        for check, test in have.items():
            if check not in wanted:
                problems.append(f"{test.nodeid}: no item of assignments.{assignment.name} lists check {check!r}.")
            elif item_name(test) != wanted[check]:
                marked = item_name(test)
                problems.append(
                    f"{test.nodeid}: marked item({marked!r}), but grading.toml lists it under {wanted[check]!r}."
                )
            missing = set(self.course.rubric.languages) - set(check_title(test))
            if missing:
                problems.append(f"{test.nodeid}: its docstring has no line in {', '.join(sorted(missing))}.")
        return problems

    def _assignment(self, name: str) -> Assignment:
        assignment = self.course.rubric.assignment(name)
        limits = self.setup.limits.get(name)
        return assignment if limits is None else msgspec.structs.replace(assignment, limits=limits)

    def _judge(self, payload: bytes, wire: socket.socket) -> NoReturn:
        """In a forked judge: grade one submission, stream the events, and exit."""
        stream = wire.makefile("wb", buffering=0)

        def say(event: Event) -> None:
            stream.write(msgspec.json.encode(event) + b"\n")

        try:
            say(Event("found", found=self._grade(msgspec.json.decode(payload, type=JudgeSetup), say)))
        except SessionKilled as killed:
            say(Event("killed", name=killed.place, detail=str(killed)))
        except BaseException:  # noqa: BLE001  # any exception here is the grader's fault, reported to staff
            say(Event("fault", detail=traceback.format_exc()))
        os._exit(0)

    def _grade(self, job: JudgeSetup, say: Any) -> Findings:
        from gradjudge.judge.grade import Environment, grade

        assignment = self._assignment(job.assignment)
        try:
            submission = read_submission(
                Path(job.file), assignment=job.assignment, limits=assignment.limits, also=job.also
            )
        except UnreadableSubmission as problem:
            return unjudged(assignment, "failed", problem.text, problem.detail, device=self.setup.device)
        seed = job.seed or self.course.seed
        launcher = SessionLauncher(
            self.setup, submission, assignment.limits, seed, lambda pid: say(Event("session", pid=pid))
        )
        environment = Environment(
            checks=self.checks[job.assignment],
            open_session=launcher.open,
            device=self.setup.device,
            seed=seed,
            skip=frozenset(job.skip),
            killed_at=job.killed_at,
            on_event=lambda kind, name: say(Event(kind, name=name)),
        )
        return grade(submission, assignment, environment)


class SessionLauncher:
    """Open sessions for one submission, with its limits, companion files and seed; call `on_start` with each pid."""

    def __init__(
        self,
        setup: HostSetup,
        submission: Submission,
        limits: GradingLimits,
        seed: str,
        on_start: Callable[[int], None],
    ) -> None:
        self._on_start = on_start
        self._zygote = Zygote.attach(setup.zygote)
        self._submission = submission
        policy = Policy.for_submission(limits, device=setup.device, sandbox=setup.sandbox, base=Path(setup.scratch))
        self._policy = msgspec.structs.replace(policy, without=setup.without)
        digest = hashlib.sha256(f"{seed}\0{submission.assignment}\0session".encode()).digest()
        self._config = {
            "kind": submission.kind,
            "seed": int.from_bytes(digest[:4], "big"),
            "output_kb": limits.output_kb,
            "device": setup.device,
        }

    def open(self) -> JailedSession:
        """Start a session with the companion files in its scratch folder."""
        companions = self._submission.companions
        config = self._config | {"main": self._imported_as(companions)}
        session = self._zygote.spawn(self._policy, companions, config)
        self._on_start(session.pid)
        return session

    def _imported_as(self, files: Mapping[str, bytes]) -> str:
        """Return the script's module name if a companion may import it; otherwise the session must not learn it."""
        name = Path(self._submission.path).stem if self._submission.kind == "script" else ""
        return name if any(name.encode() in data for file, data in files.items() if file.endswith(".py")) else ""


def main() -> int:
    """Collect the hidden tests of the course named on the command line, then serve."""
    setup = msgspec.json.decode(sys.argv[1], type=HostSetup)
    die_with_parent()
    course = Course(Path(setup.root))
    _preload(course.rubric.languages)
    host = Host(course, setup)
    folders = [course.autograder(name) for name in setup.assignments]
    for folder in folders:
        if not folder.is_dir():
            host.problems.append(f"{folder}: no such folder. Put the hidden tests test_*.py of the assignment there.")
    code = pytest.main(
        [
            *(str(folder) for folder in folders if folder.is_dir()),
            *("-c", os.devnull, "--rootdir", setup.root, "--confcutdir", str(course.autograders)),
            *("-p", "gradjudge.judge.plugin", "--import-mode=importlib", "--continue-on-collection-errors"),
            *("-p", "no:cacheprovider", "-p", "no:terminal", "-p", "no:unraisableexception", "-p", "no:faulthandler"),
            *("-p", "no:threadexception", "-p", "no:logging", "--capture=no", "-W", "ignore"),
        ],
        plugins=[host],
    )
    return int(code)


def _preload(languages: Iterable[str]) -> None:
    """Do in advance what would slow down the first check.

    gradcheck imports sympy, an optimiser torch._dynamo, and the first sentence reads the catalogues.
    """
    import sympy  # noqa: F401
    import torch
    import torch._dynamo

    import gradjudge.judge.grade  # noqa: F401
    from gradjudge.judge.cell_messages import SKIPPED

    SKIPPED.in_languages(languages)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)


if __name__ == "__main__":
    sys.exit(main())
