"""Start what grading needs, and judge one submission at a time on it.

The bench runs in the cohort's process, which imports neither torch nor a hidden test: it starts the zygote of the
sessions and the judge host once, and supervises the judges with deadlines of its own.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path

import msgspec

from gradjudge.course import Course
from gradjudge.errors import CourseError, InternalError
from gradjudge.forkserver import Child, ForkRefusedError, request_fork
from gradjudge.jobs import Collected, Event, HostSetup, Job
from gradjudge.report import Report, blank_report
from gradjudge.rubric import GradingLimits
from gradjudge.sandbox.zygote import Zygote

#: Seconds that the judge host may take to import torch and collect the tests.
HOST_READY = 120.0
#: What a judge may need beyond its submission's own limits: its own computing, a restart and a replay of the session.
MARGIN = 30.0
#: A judge that dies is started again without the check that was under way, at most this often.
RETRIES = 3

FAULT = {
    "en": "this submission could not be graded because of a fault on our side; staff has been told",
    "fr": "cette copie n'a pas pu être évaluée par notre faute ; l'équipe est prévenue",
}


class Bench:
    """Hold the zygote and the judge host of a course.

    Args:
        course: the course.
        assignments: names of those to grade.
        device: ``"cpu"``, ``"cuda"`` or ``"mps"``.
        sandbox: ``"required"``, ``"hardened"`` or ``"none"`` (said aloud by the person who runs it).
        limits: limits that replace an assignment's own (tests).
        without: layers of the jail to leave off (tests, see `gradjudge.sandbox.policy.Policy`).
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
    ) -> None:
        self._course = course
        self._assignments = assignments
        self._device = device
        self._sandbox = sandbox
        self._limits = limits or {}
        self._without = without
        self._lock = threading.Lock()
        self._scratch = Path(tempfile.mkdtemp(prefix="gradjudge-"))
        self._zygote: Zygote | None = None
        self._host: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self.problems: list[str] = []
        self.checks: dict[str, list[str]] = {}

    def __enter__(self) -> Bench:
        """Start the zygote and the host."""
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """End every process that was started here, and remove the scratch folders."""
        self.close()

    def _start(self) -> None:
        self._zygote = Zygote.start(scratch=self._scratch, secret=secret_paths(self._course))
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ready, ready_end = os.pipe()
        setup = HostSetup(
            root=str(self._course.root),
            assignments=self._assignments,
            control=theirs.fileno(),
            zygote=self._zygote.control.fileno(),
            ready=ready_end,
            device=self._device,
            sandbox=self._sandbox,
            scratch=str(self._scratch),
            limits=self._limits,
            without=self._without,
        )
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "COV_"))}
        environment |= {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        environment |= {"TORCHINDUCTOR_CACHE_DIR": str(self._scratch)}  # it would be left in the temporary folder
        self._host = subprocess.Popen(
            [sys.executable, "-P", "-B", "-m", "gradjudge.judge", msgspec.json.encode(setup).decode()],
            pass_fds=(theirs.fileno(), self._zygote.control.fileno(), ready_end),
            stdin=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,  # Ctrl-C is for us; we end the host by hanging up
        )
        self._control = ours
        theirs.close()
        os.close(ready_end)
        self._collected(ready)
        self._zygote.wait_ready()

    def _collected(self, ready: int) -> None:
        with os.fdopen(ready, "rb") as stream:
            timer = threading.Timer(HOST_READY, self._kill_host)
            timer.start()
            try:
                said = stream.read()
            finally:
                timer.cancel()
        if not said:
            raise InternalError("the judge host ended before it had collected the hidden tests; see its output above")
        collected = msgspec.json.decode(said, type=Collected)
        self.checks, self.problems = collected.checks, collected.problems

    def judge(self, job: Job) -> Report:
        """Judge one submission; a judge that dies or hangs is replaced, without the check that it was at.

        Raises:
            InternalError: the judge host is gone.
        """
        skip: list[str] = []
        faults: list[str] = []
        for _ in range(RETRIES):
            with closing(self._fork(msgspec.structs.replace(job, skip=tuple(skip)))) as judge:
                told, last = self._listen(judge, job)
            if told is not None and told.event == "report" and told.report is not None:
                run = msgspec.structs.replace(told.report.run, faults=tuple(faults))
                return msgspec.structs.replace(told.report, run=run)
            if told is not None and told.event == "unreadable":
                return self.blank(job, "failed", told.unreadable, told.detail)
            faults.append(told.detail if told is not None else f"the judge ended or hung at check {last or '(start)'}")
            if told is None and last:
                skip.append(last)
        return self.blank(job, "ungraded", FAULT, "\n".join(faults))

    def _fork(self, job: Job) -> Child:
        with self._lock:
            if self._control is None:
                raise InternalError("the bench is closed")
            try:
                return request_fork(self._control, msgspec.json.encode(job))
            except (OSError, ForkRefusedError) as error:
                raise InternalError(f"the judge host is gone ({error})") from error

    def _listen(self, judge: Child, job: Job) -> tuple[Event | None, str]:
        """Read a judge's events up to its last; None when it died or passed its time, with the check it was at."""
        limits = self._limits.get(job.assignment) or self._course.rubric.assignment(job.assignment).limits
        ends = time.monotonic() + limits.submission_seconds + MARGIN
        deadline, current, buffer = ends, "", b""
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                return None, current
            judge.wire.settimeout(left)
            try:
                chunk = judge.wire.recv(1 << 16)
            except TimeoutError:
                return None, current
            except OSError:
                chunk = b""
            if not chunk:
                return None, current
            *lines, buffer = (buffer + chunk).split(b"\n")
            for line in lines:
                event = msgspec.json.decode(line, type=Event)
                if event.event in ("report", "unreadable", "fault"):
                    return event, current
                current = event.name if event.event == "check" else ""
                deadline = min(ends, time.monotonic() + limits.check_seconds + MARGIN) if current else ends

    def blank(self, job: Job, state: str, message: dict[str, str], detail: str) -> Report:
        """Return a report on a submission that no judge could judge."""
        return blank_report(
            self._course.rubric.assignment(job.assignment),
            student=job.student,
            state=state,
            message=message,
            detail=detail,
            key=job.key,
            device=self._device,
            late=job.late,
            remarks=job.remarks,
        )

    def _kill_host(self) -> None:
        if self._host is not None:
            self._host.kill()

    def close(self) -> None:
        """End the host and the zygote, and with them every judge and session."""
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._host is not None:
            try:
                self._host.wait(timeout=2)
            except subprocess.TimeoutExpired:
                self._host.kill()
                self._host.wait()
            self._host = None
        if self._zygote is not None:
            self._zygote.close()
            self._zygote = None
        shutil.rmtree(self._scratch, ignore_errors=True)


def secret_paths(course: Course) -> tuple[Path, ...]:
    """Return what no session may read; grading is refused where Python's own folders hold one of them."""
    folders = (course.root / "autograder", course.root / "solutions", course.submitted, course.grades)
    return (course.rubric_file, *folders)


def resolve_device(name: str) -> str:
    """Return the device to grade on; ``auto`` is CUDA or MPS where there is one.

    Raises:
        CourseError: the device that was asked for is not there.
    """
    if name == "cpu" or (name == "auto" and not _accelerator_likely()):
        return "cpu"
    import torch  # two seconds: only where an accelerator is likely or asked for

    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        return next(device for device in ("cuda", "mps", "cpu") if available[device])
    if name not in available:
        raise CourseError(f"--device {name}: unknown device. Expected auto, cpu, cuda or mps.")
    if not available[name]:
        raise CourseError(f"--device {name}: torch sees no such device here. Use --device cpu or auto.")
    return name


def _accelerator_likely() -> bool:
    return sys.platform == "darwin" or Path("/dev/nvidiactl").exists()
