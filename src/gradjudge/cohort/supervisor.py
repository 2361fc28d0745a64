"""Start what grading needs, and judge submissions on it, one in each thread that asks.

The supervisor runs in the cohort's process, which imports neither torch nor a hidden test: it starts the zygote of the
sessions and the judge host (a servers), and supervises the judges with deadlines of its own. What dies is replaced: a
judge, or the whole servers.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import msgspec

from gradjudge.cohort.servers import SHOWS, Servers, ServersLost, Terms
from gradjudge.course.layout import Course
from gradjudge.course.rubric import DEVICES, GradingLimits
from gradjudge.errors import CourseError, InternalError
from gradjudge.judge.jobs import Event, Job, JudgeSetup
from gradjudge.reports.record import Findings, Report, report_of, unjudged
from gradjudge.sandbox.meter import WALL_FACTOR, Meter
from gradjudge.sandbox.scratch import remove_abandoned
from gradjudge.text import Text
from gradjudge.wire.forkserver import Child, ForkRefusedError, from_outside

#: Seconds that a judge may be at work on one check beyond the student's own: its computing, the session's restart and
#: the replay of the cells.
MARGIN = 30.0
#: A submission is given up when its judges have failed this often by what they do.
FAILURES = 3
#: It is given up in any case after this many judges, whoever ended them.
JUDGES = 8
#: A supervisor is given up when this many servers in a row were lost without a report.
CREWS_IN_VAIN = 3
#: Wall seconds until the host has told how a judge ended.
TOLD = 60.0
#: Seconds between two looks at how long a judge and its session have been at work.
LOOK_EVERY = 0.5

FAULT = Text("this submission could not be graded because of a fault on our side; staff has been told")


@dataclass
class Attempts:
    """One submission before its judges, and what became of those that found nothing.

    Attributes:
        skip, killed_at: what the next judge is told of them (see `gradjudge.judge.jobs.JudgeSetup`).
        struck: checks at which a judge was killed from outside, once.
        failures: how many judges have failed by what they do.
        faults: what happened, for staff.
    """

    job: Job
    skip: tuple[str, ...] = ()
    killed_at: tuple[str, ...] = ()
    struck: set[str] = field(default_factory=set)
    failures: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def setup(self) -> JudgeSetup:
        """What the next judge is told."""
        return JudgeSetup(self.job.assignment, self.job.file, self.job.also, self.job.seed, self.skip, self.killed_at)

    def ended(self, check: str, how: Literal["hung", "ended", "killed", "lost"]) -> None:
        """Note a judge that ended without a word: at a check, and whether by itself or together with its servers.

        A check that hangs or ends its judge is not tried again, which leaves it ungraded. A kill may have come from
        anywhere, so the check gets a second judge.
        """
        self.faults.append(f"the judge {_ENDED[how]} at check {check or '(start)'}")
        if how in ("killed", "lost") and check not in self.struck:
            self.struck.add(check)
            return
        self.failures += 1
        if check:
            self.skip = (*self.skip, check)

    def failed(self, fault: str) -> None:
        """Note a judge that reported a fault."""
        self.faults.append(fault)
        self.failures += 1

    def killed(self, place: str, detail: str) -> None:
        """Note a judge whose session was killed from outside, or by itself: the next one is told where."""
        self.faults.append(detail)
        self.killed_at = (*self.killed_at, place)


_ENDED = {
    "hung": "hung and was ended",
    "ended": "ended",
    "killed": "was killed",
    "lost": "was lost with its host",
}


class Supervisor:
    """Hold the servers of a course.

    Args:
        course: the course.
        assignments: names of those to grade.
        device: ``"cpu"`` or ``"cuda"``.
        sandbox: ``"required"`` or ``"none"`` (said aloud by the person who runs it).
        limits: limits that replace an assignment's own (tests).
        without: layers of the jail to leave off (tests, see `gradjudge.sandbox.policy.Policy`).
        secret: where submissions lie, if not in the course: like what the course keeps secret, no session may read it.
        tell: called with one line for staff when a servers is lost and replaced.

    Attributes:
        checks: hidden checks by assignment.
        problems: what is wrong with them, for staff.
    """

    def __init__(
        self,
        course: Course,
        assignments: tuple[str, ...],
        *,
        device: str = "cpu",
        sandbox: str = "required",
        limits: dict[str, GradingLimits] | None = None,
        without: tuple[str, ...] = (),
        secret: tuple[Path, ...] = (),
        tell: Callable[[str], None] = lambda _text: None,
    ) -> None:
        self._terms = Terms(course, assignments, device, sandbox, limits or {}, without, secret)
        self._tell = tell
        self._lock = threading.Lock()
        self._starter = ThreadPoolExecutor(
            1, "gradjudge-servers"
        )  # a servers dies with its thread; the judging ones end
        self._servers: Servers | None = None
        self._closed = False
        self._in_vain = 0
        self._given_up = ""
        self._digest = ""
        self.problems: list[str] = []
        self.checks: dict[str, list[str]] = {}

    def __enter__(self) -> Supervisor:
        """Start a servers."""
        try:
            remove_abandoned()
            self._digest = self._terms.digest()
            self._servers = Servers(self._terms)
            collected = self._servers.start()
        except BaseException:
            self.close()
            raise
        self.checks, self.problems = collected.checks, collected.problems
        return self

    def __exit__(self, *_: object) -> None:
        """End every process that was started here, and remove the scratch folders."""
        self.close()

    @property
    def processes(self) -> dict[str, int]:
        """The process ids of ``zygote`` and ``host``."""
        return {} if self._servers is None else self._servers.processes

    def judge(self, job: Job) -> Report:
        """Judge one submission; a judge that dies or hangs is replaced, without the check that it was at.

        Raises:
            InternalError: the servers is lost and could not be replaced, or the supervisor is closed.
        """
        trial = Attempts(job)
        for _ in range(JUDGES):
            try:
                found = self._try(trial)
            except InternalError as fault:
                raise InternalError("\n".join([*trial.faults, str(fault)])) from fault
            if found is not None:
                self._in_vain = 0
                return self._report(job, found, trial.faults)
            if trial.failures == FAILURES:
                break
        return self.blank(job, "ungraded", FAULT, "\n".join(trial.faults))

    def _try(self, trial: Attempts) -> Findings | None:
        """Give a trial one judge; None if that found nothing."""
        servers = self._present()
        check = ""
        try:
            with closing(servers.fork(trial.setup)) as judge:
                told, check, hung = self._listen(judge, trial.job)
                if told is None:
                    trial.ended(check, "hung" if hung else _how_ended(judge))
                    return None
        except (ServersLost, ForkRefusedError) as lost:
            trial.ended(check, "lost")
            self._replace(servers, servers.lost(SHOWS) or str(lost))
            return None
        if told.found is not None:
            return told.found
        if told.event == "killed":
            trial.killed(told.name, told.detail)
        elif gone := servers.lost(SHOWS):
            trial.ended(check, "lost")
            self._replace(servers, gone)
        else:
            trial.failed(told.detail)
        return None

    def _listen(self, judge: Child, job: Job) -> tuple[Event | None, str, bool]:
        """Read a judge's events up to its last: that, the check it was at, and whether it hung."""
        limits = self._terms.limits.get(job.assignment) or self._terms.course.rubric.assignment(job.assignment).limits
        # The student's time, and as much for the judge.
        time_of_all = _Allowance(2 * limits.submission_seconds + MARGIN)
        allowance, current, buffer = time_of_all, "", b""
        judge.wire.settimeout(LOOK_EVERY)
        with ExitStack() as held:
            meter = held.enter_context(closing(Meter(judge.pid)))
            before = 0.0
            while True:
                chunk = _heard(judge.wire)
                used = before + meter.charge()
                if chunk is None and (time_of_all.is_over(used) or allowance.is_over(used)):
                    return None, current, True
                if chunk == b"":
                    return None, current, False
                *lines, buffer = (buffer + (chunk or b"")).split(b"\n")
                for line in lines:
                    event = msgspec.json.decode(line, type=Event)
                    if event.event in ("found", "killed", "fault"):
                        return event, current, False
                    if event.event == "session":
                        held.pop_all().close()
                        before, meter = used, held.enter_context(closing(Meter(judge.pid, event.pid)))
                        continue
                    current = event.name if event.event == "check" else ""
                    allowance = _Allowance(limits.check_seconds + MARGIN, used) if current else time_of_all

    def _present(self) -> Servers:
        """Return the servers; wait while it is being replaced."""
        with self._lock:
            if self._given_up:
                raise InternalError(self._given_up)
            if self._servers is None or self._closed:
                raise InternalError("the supervisor is closed")
            return self._servers

    def _replace(self, lost: Servers, why: str) -> None:
        """Start another servers in the place of `lost`, unless another thread has done so.

        Raises:
            InternalError: the supervisor is closed, no servers lasts, or the course has changed meanwhile.
        """
        with self._lock:
            if self._servers is not lost and not self._closed:
                return
            if self._closed:
                raise InternalError("the supervisor is closed")
            if self._in_vain == CREWS_IN_VAIN:
                self._given_up = f"{why}; given up, as nothing could be graded since it was last started again"
            elif self._terms.digest() != self._digest:
                self._given_up = f"{why}; grading.toml or hidden tests have changed since grading began: grade again"
            if self._given_up:
                raise InternalError(self._given_up)
            self._in_vain += 1
            self._tell(f"{why}; it is started again, and what was under way is judged anew.")
            lost.close()
            fresh = self._servers = Servers(self._terms)
            if self._closed:  # whoever closed the supervisor may have seen `lost` only
                raise InternalError("the supervisor is closed")
            self._starter.submit(fresh.start).result()

    def blank(self, job: Job, state: str, message: Text, detail: str) -> Report:
        """Return a report on a submission that no judge could judge."""
        assignment = self._terms.course.rubric.assignment(job.assignment)
        return self._report(job, unjudged(assignment, state, message, detail, device=self._terms.device))

    @staticmethod
    def _report(job: Job, found: Findings, faults: Sequence[str] = ()) -> Report:
        """Add to what was found what no judge is told, and what became of those that found nothing."""
        return report_of(
            found,
            assignment=job.assignment,
            student=job.student,
            key=job.key,
            late=job.late,
            remarks=job.remarks,
            faults=faults,
        )

    def close(self) -> None:
        """End the host and the zygote, and with them every judge and session. May be called again."""
        self._closed = True
        if self._servers is not None:
            self._servers.doom()
        with self._lock:
            if self._servers is not None:
                self._servers.close()
        self._starter.shutdown()


class _Allowance:
    """Seconds that a judge and its session may be at work together, and ten times as long by the clock on the wall."""

    def __init__(self, seconds: float, used: float = 0.0) -> None:
        self._used = used + seconds
        self._ends = time.monotonic() + WALL_FACTOR * seconds

    def is_over(self, used: float) -> bool:
        """Tell whether it is used up, by all that was used so far."""
        return used >= self._used or time.monotonic() > self._ends


def _heard(wire: socket.socket) -> bytes | None:
    """Read what a judge has said: nothing if it is gone, None if it says nothing for a while."""
    try:
        return wire.recv(1 << 16)
    except TimeoutError:
        return None
    except OSError:
        return b""


def _how_ended(judge: Child) -> Literal["ended", "killed"]:
    """Tell whether a judge ended by itself; raise ForkRefusedError if its host is gone."""
    waitstatus = judge.wait(TOLD)
    return "killed" if waitstatus is not None and from_outside(waitstatus) else "ended"


@contextmanager
def judges(supervisor: Supervisor, at_once: int) -> Iterator[ThreadPoolExecutor]:
    """Offer threads that judge; whatever ends the block early ends the supervisor, for whose judges they wait."""
    with ThreadPoolExecutor(at_once) as pool:
        try:
            yield pool
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            supervisor.close()
            raise


def resolve_device(name: str) -> str:
    """Return the device to grade on; ``auto`` is CUDA where there is a GPU.

    Raises:
        CourseError: the device that was asked for is unknown, or not there.
    """
    if name not in ("auto", *DEVICES):
        raise CourseError(f"--device {name}: unknown device. Expected auto, {' or '.join(DEVICES)}.")
    if name == "cpu" or (name == "auto" and not Path("/dev/nvidiactl").exists()):
        return "cpu"
    import torch  # two seconds: only where a GPU is likely or asked for

    if torch.cuda.is_available():
        return "cuda"
    if name == "auto":
        return "cpu"
    raise CourseError(f"--device {name}: torch sees no such device here. Use --device cpu or auto.")
