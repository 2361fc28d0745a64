"""One zygote for all sandbox tests, a course full of secrets, and sessions in every kind of jail."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from gradjudge.sandbox.client import JailedSession
from gradjudge.sandbox.doctor import examine
from gradjudge.sandbox.policy import Limits, Policy
from gradjudge.sandbox.zygote import Zygote
from gradjudge.wire.messages import CellDone, RunCell

CANARY = "canary-of-the-grader-7391"
"""Planted in the environment before the zygote starts."""

LIMITS = Limits(memory_mb=256, scratch_mb=8, file_mb=4, files=100, descriptors=64, threads=24)

SECRETS = (
    "autograder/tp1/test_mse.py",
    "solutions/tp1/tp1.ipynb",
    "source/tp1/tp1.ipynb",
    "submitted/alice/tp1/tp1.ipynb",
    "grades/alice.json",
    "grading.toml",
)

PRELUDE = """
import ctypes, errno, os, platform, resource, signal, socket, subprocess, sys, threading, time
from pathlib import Path

def call(x86_64, aarch64, *args):
    libc = ctypes.CDLL(None, use_errno=True)
    number = {"x86_64": x86_64, "aarch64": aarch64}[platform.machine()]
    result = libc.syscall(ctypes.c_long(number), *(a if isinstance(a, bytes) else ctypes.c_long(a) for a in args))
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result

def wire():
    import stat
    return next(fd for fd in range(64) if os.path.exists(f"/proc/self/fd/{fd}") and stat.S_ISSOCK(os.fstat(fd).st_mode))
"""


def jails() -> list[str]:
    """Return the kinds of jail available on this machine, according to the doctor."""
    active = {layer.name for layer in examine() if layer.active}
    return ["floor", *(["namespaces"] if "scratchfs" in active else [])]


@dataclass(frozen=True)
class Probe:
    """A session, with helpers to try things in it."""

    session: JailedSession

    def run(self, source: str, *, seconds: float = 10.0, grace: float | None = None) -> CellDone:
        """Run a cell."""
        done = self.session.ask(RunCell(0, source, "ipython"), seconds=seconds, grace=grace)
        assert isinstance(done, CellDone)
        return done

    def output(self, source: str, *, seconds: float = 10.0) -> str:
        """Run a cell that must not fail, and return what it printed."""
        done = self.run(source, seconds=seconds)
        assert done.error is None, done.error.text
        return done.output.strip()

    def outcome(self, attack: str) -> str:
        """Return ``"refused"`` if `attack` raised OSError, ``"DONE"`` if it raised nothing, or else its exception."""
        body = textwrap.indent(textwrap.dedent(attack).strip(), "    ")
        return self.output(f"""
try:
{body}
except OSError as error:
    print("refused")
except BaseException as error:
    print(type(error).__name__, error)
else:
    print("DONE")
""")


@pytest.fixture(scope="session")
def secrets() -> tuple[str, ...]:
    """Name the files of the course that no session may read."""
    return SECRETS


@pytest.fixture(scope="session")
def canary() -> str:
    """Return what was planted in the environment."""
    return CANARY


@pytest.fixture(scope="session")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a course with one file in every place that students must not read."""
    root = tmp_path_factory.mktemp("secret-course")
    for name in SECRETS:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("expected = 42")
    return root


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the private folder of all scratch folders."""
    return tmp_path_factory.mktemp("scratch")


@pytest.fixture(scope="session")
def zygote(course: Path, base: Path) -> Iterator[Zygote]:
    """Start the zygote from an environment with a canary in it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADJUDGE_SEED", CANARY)
        started = Zygote.start(scratch=base, secret=tuple(course / name for name in SECRETS))
    with started:
        started.wait_ready()
        yield started


@pytest.fixture(scope="session")
def policies(base: Path) -> dict[str, Policy]:
    """Return a policy for each kind of jail."""
    plain = Policy(scratch=base, limits=LIMITS)
    replace = msgspec.structs.replace
    return {
        "floor": replace(plain, namespaces=False),
        "namespaces": plain,
        "none": replace(plain, jailed=False, required=()),
    }


@pytest.fixture(scope="module", params=jails())
def probe(request: pytest.FixtureRequest, zygote: Zygote, policies: dict[str, Policy]) -> Iterator[Probe]:
    """Start one session per module and kind of jail, for what leaves a session alive."""
    session = zygote.spawn(policies[request.param], {"companion.csv": b"3,4\n"})
    probe = Probe(session)
    probe.output(PRELUDE)
    yield probe
    session.close()


@pytest.fixture
def start(zygote: Zygote, policies: dict[str, Policy]) -> Iterator[Callable[[str], Probe]]:
    """Start sessions that a test may kill, by kind of jail."""
    probes: list[Probe] = []

    def start_one(flavour: str) -> Probe:
        probes.append(Probe(zygote.spawn(policies[flavour])))
        probes[-1].output(PRELUDE)
        return probes[-1]

    yield start_one
    for probe in probes:
        probe.session.close()


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """Make a file outside the jail that anybody on the machine may read and write."""
    file = tmp_path / "outside.txt"
    file.write_text("as it was")
    file.chmod(0o666)
    for folder in (tmp_path, *list(tmp_path.parents)[:2]):
        os.chmod(folder, folder.stat().st_mode | 0o055)  # noqa: PTH101
    return file
