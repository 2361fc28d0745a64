"""Start the zygote, and sessions from it.

The zygote is a fresh interpreter with an allow-listed environment: it has never seen a hidden test, a submission or a
secret of this process, so nothing forked from it can find one.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from gradjudge.errors import InternalError
from gradjudge.sandbox.policy import Policy, fork_payload, refuse_exposed_secrets
from gradjudge.sandbox.scratch import new_scratch, remove_scratch
from gradjudge.wire.forkserver import ForkRefusedError, request_fork

if TYPE_CHECKING:
    from gradjudge.sandbox.client import JailedSession

_STDERR_FILE: Final = "stderr.txt"
_READY_LIMIT: Final = 1 << 20
_END_SECONDS: Final = 5.0


class Zygote:
    """A process with torch imported, from which sessions are forked. Close it, or use it in a ``with`` block.

    It dies with the thread that started it.

    Attributes:
        control: socket on which sessions are requested. Its descriptor may be passed to processes that `attach`.
    """

    def __init__(self, control: socket.socket) -> None:
        """Use `start` or `attach`."""
        self.control = control
        self._home: Path | None = None
        self._secret: tuple[Path, ...] = ()
        self._process: subprocess.Popen[bytes] | None = None
        self._is_ready = False

    @property
    def pid(self) -> int | None:
        """The zygote's process id; None if it was attached."""
        return None if self._process is None else self._process.pid

    @property
    def exit_code(self) -> int | None:
        """The zygote's exit code (negative for a signal); None while it lives, or if it was attached."""
        return None if self._process is None else self._process.poll()

    @classmethod
    def start(cls, *, scratch: Path, secret: tuple[Path, ...] = ()) -> Zygote:
        """Start a zygote, which takes two or three seconds to import torch; `wait_ready` waits for that.

        Args:
            scratch: private folder for the zygote's own files and all scratch folders; the caller removes it.
            secret: paths that no session may read, besides the home folder; `wait_ready` raises if one is exposed.
        """
        home = scratch / "zygote"
        home.mkdir(mode=0o700)
        control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        zygote = cls(control)
        zygote._home, zygote._secret = home, (*secret, Path.home())
        command = [sys.executable, "-s", "-P", "-B", "-m", "gradjudge.session.run.zygote", str(theirs.fileno())]
        with theirs, (home / _STDERR_FILE).open("wb") as stderr:
            zygote._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=stderr,
                stderr=stderr,
                cwd=home,
                env=_environment(home),
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # Ctrl-C must not reach it; we end it by hanging up
            )
        return zygote

    @classmethod
    def attach(cls, control_fd: int) -> Zygote:
        """Use a ready zygote of another process, through an inherited descriptor of its `control`.

        Closing it only closes the descriptor.
        """
        zygote = cls(socket.socket(fileno=control_fd))
        zygote._is_ready = True
        return zygote

    def wait_ready(self, seconds: float = 600.0) -> None:
        """Wait until the imports are done.

        Raises:
            InternalError: it ended, or was not ready in `seconds`; the message includes its stderr.
            CourseError: a secret path is readable by sessions.
        """
        if self._is_ready:
            return
        self.control.settimeout(seconds)
        try:
            data = self.control.recv(_READY_LIMIT)
        except TimeoutError:
            raise InternalError(f"the zygote was not ready in {seconds} s{self._stderr()}") from None
        if not data:
            raise InternalError(f"the zygote ended before it was ready{self._stderr()}")
        self.control.settimeout(None)
        refuse_exposed_secrets(self._secret, map(Path, json.loads(data)["readable"]))
        self._is_ready = True

    def spawn(
        self, policy: Policy, files: Mapping[str, bytes] = MappingProxyType({}), config: Mapping[str, Any] | None = None
    ) -> JailedSession:
        """Fork a session and wait until its jail is on.

        Args:
            policy: how it is jailed.
            files: initial contents of its scratch folder, by plain name.
            config: for ``gradjudge.session.run.serve.serve``; it must not reveal whose submission it is.

        Raises:
            CourseError: a required layer is not available on this machine.
            InternalError: the zygote is gone or could not fork.
        """
        from gradjudge.sandbox.client import JailedSession  # imports torch, which the command line must not

        self.wait_ready()
        scratch = new_scratch(policy.scratch, files)
        try:
            payload = fork_payload(policy, scratch, {"output_kb": policy.limits.output_kb, **(config or {})})
            return JailedSession(request_fork(self.control, payload), policy, scratch)
        except ForkRefusedError as error:
            remove_scratch(scratch)
            raise InternalError(f"no session could be started: {error}{self._stderr()}") from error
        except BaseException:
            remove_scratch(scratch)
            raise

    def close(self) -> None:
        """End the zygote and all its sessions. May be called again."""
        self.control.close()
        if self._process is None:
            return
        if self._is_ready:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_END_SECONDS)
        self._process.kill()
        self._process.wait()
        self._process = None

    def __enter__(self) -> Zygote:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def _stderr(self) -> str:
        if self._home is None:
            return ""
        text = ""
        with contextlib.suppress(FileNotFoundError):
            text = (self._home / _STDERR_FILE).read_text(errors="replace").strip()
        return f"; it wrote:\n{text[-4000:]}" if text else ""


def _environment(home: Path) -> dict[str, str]:
    """Build the zygote's environment; of ours it keeps only the library path and the time zone."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "TZ") if name in os.environ}
    return kept | {
        "PATH": "/usr/bin:/bin",
        "HOME": str(home),
        "USER": "student",
        "LOGNAME": "student",
        "LANG": "C.UTF-8",
        "TMPDIR": str(home),
        "PYTHONHASHSEED": "0",
        "PYTHONUTF8": "1",
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "2",  # more arenas would use up the address space of a session with threads
        "JOBLIB_MULTIPROCESSING": "0",
        "TORCHINDUCTOR_CACHE_DIR": str(home),
        "IPYTHONDIR": str(home),
        "MPLBACKEND": "Agg",
        "MPLCONFIGDIR": str(_font_cache()),
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }


def _font_cache() -> Path:
    """Return a persistent folder for matplotlib's font cache, which takes seconds to build."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "gradjudge" / "matplotlib"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
