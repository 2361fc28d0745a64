"""Start the servers and judge submissions on them, one per calling thread.

The supervisor runs in the command's process, which imports neither torch nor a hidden test. It gives judges deadlines,
and replaces what dies: a judge, or all servers.
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

#: Seconds that a judge may work on one check beyond the student's own: its computing, the session's restart and replay.
MARGIN = 30.0
#: A submission is given up after this many failures of its judges that were not kills from outside.
FAILURES = 3
#: It is given up after this many judges in any case.
JUDGES = 8
#: The supervisor gives up after losing the servers this often in a row without a report.
MOST_LOSSES = 3
#: Wall seconds to wait for the exit status of a judge.
EXIT_SECONDS = 60.0
#: Seconds between checks of how long a judge and its session have worked.
LOOK_EVERY = 0.5

FAULT = Text("this submission could not be graded because of a fault on our side; staff has been told")


@dataclass
class Attempts:
    """The attempts to judge one submission that failed so far.

    Attributes:
        skip, killed_at: passed on to the next judge (see `gradjudge.judge.jobs.JudgeSetup`).
        struck: checks at which a judge was killed from outside once.
        failures: attempts that failed otherwise.
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
        """The setup of the next judge."""
        return JudgeSetup(self.job.assignment, self.job.file, self.job.also, self.job.seed, self.skip, self.killed_at)

    def ended(self, check: str, how: Literal["hung", "ended", "killed", "lost"]) -> None:
        """Note a judge that ended without findings, at which check and how.

        A check that hangs or ends its judge is skipped by the next one, and so ungraded. A kill may have come from
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
        """Note where a session was killed, for the next judge."""
        self.faults.append(detail)
        self.killed_at = (*self.killed_at, place)


_ENDED = {
    "hung": "hung and was ended",
    "ended": "ended",
    "killed": "was killed",
    "lost": "was lost with its host",
}


class Supervisor:
    """Judge submissions of a course: a context manager that starts and ends the servers.

    Args:
        assignments: names of those to grade.
        device: ``"cpu"`` or ``"cuda"``.
        sandbox: ``"required"`` or ``"none"``.
        limits: replace an assignment's own, by name.
        without: layers of the jail to leave off (tests, see `gradjudge.sandbox.policy.Policy`).
        secret: further paths that no session may read, such as a folder of submissions outside the course.
        tell: called with a line for staff when the servers are lost and replaced.

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
        self._starter = ThreadPoolExecutor(1, "gradjudge-servers")  # servers die with the thread that starts them
        self._servers: Servers | None = None
        self._closed = False
        self._losses = 0
        self._given_up = ""
        self._digest = ""
        self.problems: list[str] = []
        self.checks: dict[str, list[str]] = {}

    def __enter__(self) -> Supervisor:
        """Start the servers."""
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
        """End all processes, and remove the scratch folders."""
        self.close()

    @property
    def processes(self) -> dict[str, int]:
        """The process ids of ``zygote`` and ``host``."""
        return {} if self._servers is None else self._servers.processes

    def judge(self, job: Job) -> Report:
        """Judge one submission; a judge that dies or hangs is replaced by one that skips its check.

        Raises:
            InternalError: the servers are lost and could not be replaced, or the supervisor is closed.
        """
        attempts = Attempts(job)
        for _ in range(JUDGES):
            try:
                found = self._try(attempts)
            except InternalError as fault:
                raise InternalError("\n".join([*attempts.faults, str(fault)])) from fault
            if found is not None:
                self._losses = 0
                return self._report(job, found, attempts.faults)
            if attempts.failures == FAILURES:
                break
        return self.blank(job, "ungraded", FAULT, "\n".join(attempts.faults))

    def _try(self, attempts: Attempts) -> Findings | None:
        """Start one judge, and return its findings; None if it ended without."""
        servers = self._present()
        check = ""
        try:
            with closing(servers.fork(attempts.setup)) as judge:
                last, check, hung = self._listen(judge, attempts.job)
                if last is None:
                    attempts.ended(check, "hung" if hung else _how_ended(judge))
                    return None
        except (ServersLost, ForkRefusedError) as lost:
            attempts.ended(check, "lost")
            self._replace(servers, servers.lost(SHOWS) or str(lost))
            return None
        if last.found is not None:
            return last.found
        if last.event == "killed":
            attempts.killed(last.name, last.detail)
        elif gone := servers.lost(SHOWS):
            attempts.ended(check, "lost")
            self._replace(servers, gone)
        else:
            attempts.failed(last.detail)
        return None

    def _listen(self, judge: Child, job: Job) -> tuple[Event | None, str, bool]:
        """Read a judge's events; return the last one (None without), the current check, and whether it hung."""
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
        """Return the servers; wait while they are being replaced."""
        with self._lock:
            if self._given_up:
                raise InternalError(self._given_up)
            if self._servers is None or self._closed:
                raise InternalError("the supervisor is closed")
            return self._servers

    def _replace(self, lost: Servers, why: str) -> None:
        """Replace `lost` by new servers, unless another thread has done so.

        Raises:
            InternalError: the supervisor is closed, servers were lost too often, or the course has changed.
        """
        with self._lock:
            if self._servers is not lost and not self._closed:
                return
            if self._closed:
                raise InternalError("the supervisor is closed")
            if self._losses == MOST_LOSSES:
                self._given_up = f"{why}; given up, as nothing could be graded since it was last started again"
            elif self._terms.digest() != self._digest:
                self._given_up = f"{why}; grading.toml or hidden tests have changed since grading began: grade again"
            if self._given_up:
                raise InternalError(self._given_up)
            self._losses += 1
            self._tell(f"{why}; it is started again, and what was under way is judged anew.")
            lost.close()
            fresh = self._servers = Servers(self._terms)
            if self._closed:  # `close` may have seen only `lost`
                raise InternalError("the supervisor is closed")
            self._starter.submit(fresh.start).result()

    def blank(self, job: Job, state: str, message: Text, detail: str) -> Report:
        """Return a report on a submission that no judge could judge."""
        assignment = self._terms.course.rubric.assignment(job.assignment)
        return self._report(job, unjudged(assignment, state, message, detail, device=self._terms.device))

    @staticmethod
    def _report(job: Job, found: Findings, faults: Sequence[str] = ()) -> Report:
        """Make the report of a job from its findings, and from faults of earlier attempts."""
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
        """End the servers, and with them every judge and session. Idempotent."""
        self._closed = True
        if self._servers is not None:
            self._servers.doom()
        with self._lock:
            if self._servers is not None:
                self._servers.close()
        self._starter.shutdown()


class _Allowance:
    """Seconds that a judge and its session may work together, and `WALL_FACTOR` times as long in wall time."""

    def __init__(self, seconds: float, used: float = 0.0) -> None:
        self._used = used + seconds
        self._ends = time.monotonic() + WALL_FACTOR * seconds

    def is_over(self, used: float) -> bool:
        """Tell whether it is used up, given the seconds used so far."""
        return used >= self._used or time.monotonic() > self._ends


def _heard(wire: socket.socket) -> bytes | None:
    """Read from a judge: ``b""`` if it is gone, None on a timeout."""
    try:
        return wire.recv(1 << 16)
    except TimeoutError:
        return None
    except OSError:
        return b""


def _how_ended(judge: Child) -> Literal["ended", "killed"]:
    """Tell how a judge ended; raise `ForkRefusedError` if its host is gone."""
    waitstatus = judge.wait(EXIT_SECONDS)
    return "killed" if waitstatus is not None and from_outside(waitstatus) else "ended"


@contextmanager
def judges(supervisor: Supervisor, at_once: int) -> Iterator[ThreadPoolExecutor]:
    """Provide threads for judging; if the block fails, close the supervisor so that they end."""
    with ThreadPoolExecutor(at_once) as pool:
        try:
            yield pool
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            supervisor.close()
            raise


def resolve_device(name: str) -> str:
    """Return the device to grade on; ``auto`` is CUDA if there is a GPU.

    Raises:
        CourseError: the device is unknown or unavailable.
    """
    if name not in ("auto", *DEVICES):
        raise CourseError(f"--device {name}: unknown device. Expected auto, {' or '.join(DEVICES)}.")
    if name == "cpu" or (name == "auto" and not Path("/dev/nvidiactl").exists()):
        return "cpu"
    import torch  # takes two seconds: only where a GPU is likely or asked for

    if torch.cuda.is_available():
        return "cuda"
    if name == "auto":
        return "cpu"
    raise CourseError(f"--device {name}: torch sees no such device here. Use --device cpu or auto.")
