"""The two fork servers, for sessions (zygote) and judges (judge host), and their temporary folder.

They live and die together: if one is gone, the servers are lost, and new ones are started.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from gradjudge.course.layout import Course
from gradjudge.course.rubric import GradingLimits
from gradjudge.errors import CourseError, InternalError
from gradjudge.files import digest_of
from gradjudge.judge.jobs import HostReady, HostSetup, JudgeSetup
from gradjudge.sandbox.scratch import RunFolder
from gradjudge.sandbox.zygote import Zygote
from gradjudge.wire.forkserver import Child, ForkRefusedError, request_fork

#: Seconds that the judge host may take to import torch and collect the tests.
HOST_READY = 600.0
#: Seconds within which the end of a process shows, once its sockets are closed.
SHOWS = 2.0


class ServersLost(Exception):
    """The servers are of no use any more; the message says which part is gone."""


@dataclass(frozen=True)
class Terms:
    """What the servers grade, and how; see `gradjudge.cohort.supervisor.Supervisor`."""

    course: Course
    assignments: tuple[str, ...]
    device: str = "cpu"
    sandbox: str = "required"
    limits: dict[str, GradingLimits] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    secret: tuple[Path, ...] = ()

    def digest(self) -> str:
        """Digest ``grading.toml`` and the hidden tests as they are on disk."""
        rubric = self.course.rubric_file
        tests = ((name, self.course.tests_digest(name).encode()) for name in self.assignments)
        return digest_of([(rubric.name, rubric.read_bytes()), *tests])


class Servers:
    """The zygote and the judge host. Both die with the thread that calls `start`."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._folder: RunFolder | None = None
        self._zygote: Zygote | None = None
        self._host: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._ready = self._doomed = False

    @property
    def processes(self) -> dict[str, int]:
        """The process ids of ``zygote`` and ``host``, while they run."""
        pids = {"zygote": self._zygote and self._zygote.pid, "host": self._host and self._host.pid}
        return {name: pid for name, pid in pids.items() if pid}

    def start(self) -> HostReady:
        """Start both processes, wait until they are ready, and return what the host has collected.

        Raises:
            CourseError: the temporary folder cannot be used, or a session could read a secret.
            InternalError: one of them ended, or was not ready in time.
        """
        try:
            ready = self._launch()
        except OSError as error:
            raise CourseError(
                f"grading cannot start: {error}. The temporary folder is {tempfile.gettempdir()}; make room there, or "
                "name another one with TMPDIR."
            ) from error
        collected = self._collected(ready)
        assert self._zygote is not None
        self._zygote.wait_ready()
        self._ready = True
        return collected

    def _launch(self) -> int:
        """Start both; return the descriptor on which the host reports that it is ready."""
        terms = self._terms
        self._folder = RunFolder()
        self._zygote = Zygote.start(scratch=self._folder.path, secret=(*terms.course.secret, *terms.secret))
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ready, ready_end = os.pipe()
        setup = HostSetup(
            root=str(terms.course.root),
            assignments=terms.assignments,
            control=theirs.fileno(),
            zygote=self._zygote.control.fileno(),
            ready=ready_end,
            device=terms.device,
            sandbox=terms.sandbox,
            scratch=str(self._folder.path),
            limits=terms.limits,
            without=terms.without,
        )
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "COV_"))}
        environment |= {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        environment["TORCHINDUCTOR_CACHE_DIR"] = str(self._folder.path)  # else torch leaves one under TMPDIR
        try:
            self._host = subprocess.Popen(
                [sys.executable, "-P", "-B", "-m", "gradjudge.judge.host", msgspec.json.encode(setup).decode()],
                pass_fds=(theirs.fileno(), self._zygote.control.fileno(), ready_end),
                stdin=subprocess.DEVNULL,
                env=environment,
                start_new_session=True,  # Ctrl-C is for us; hanging up ends the host
            )
        except BaseException:
            os.close(ready)
            raise
        finally:
            theirs.close()
            os.close(ready_end)
        if self._doomed:
            self._host.kill()
        return ready

    def _collected(self, ready: int) -> HostReady:
        assert self._host is not None
        with os.fdopen(ready, "rb") as stream:
            timer = threading.Timer(HOST_READY, self._host.kill)
            timer.start()
            try:
                said = stream.read()
            finally:
                timer.cancel()
        if not said:
            how = _how(self._host.wait())
            raise InternalError(f"the judge host ended ({how}) before it had collected the hidden tests")
        return msgspec.json.decode(said, type=HostReady)

    def fork(self, setup: JudgeSetup) -> Child:
        """Start a judge.

        Raises:
            ServersLost: the servers are gone.
            InternalError: the servers are there, but it could not be started.
        """
        try:
            if self._control is None:
                raise ForkRefusedError("the servers have been ended")
            return request_fork(self._control, msgspec.json.encode(setup))
        except (OSError, ForkRefusedError) as error:
            if self._control is None or (gone := self.lost(SHOWS)):
                raise ServersLost(gone if self._control else str(error)) from error
            raise InternalError(f"no judge could be started: {error}") from error

    def lost(self, seconds: float = 0.0) -> str:
        """Return which part is gone; empty if none is, and still none after `seconds`."""
        ends = time.monotonic() + seconds
        while not (gone := self._gone()) and time.monotonic() < ends:
            time.sleep(0.02)
        return gone

    def _gone(self) -> str:
        if self._host is None or self._zygote is None or self._folder is None:
            return "the servers have been ended"
        if (code := self._host.poll()) is not None:
            return f"the judge host died ({_how(code)})"
        if (code := self._zygote.exit_code) is not None:
            return f"the process that sessions are forked from died ({_how(code)})"
        if not self._folder.path.is_dir():
            return f"the folder of the scratch folders, {self._folder.path}, was removed"
        return ""

    def doom(self) -> None:
        """Make a start that is under way in any thread fail at once."""
        self._doomed = True
        if self._host is not None and not self._ready:
            self._host.kill()

    def close(self) -> None:
        """End both, and with them every judge and session, and remove the folder. Idempotent."""
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
        if self._folder is not None:
            self._folder.remove()
            self._folder = None


def _how(code: int) -> str:
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name
