"""Servers that cannot be started, and what the supervisor reports when they are lost."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from small_course import RIGHT, make_course

from gradjudge.cohort.servers import Servers, ServersLost, Terms
from gradjudge.cohort.supervisor import Supervisor
from gradjudge.course.layout import Course
from gradjudge.errors import CourseError, InternalError
from gradjudge.judge.jobs import Job, JudgeSetup


def descriptors() -> set[str]:
    """Return the descriptors of this process that lead to pipes."""
    found = set()
    for path in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):  # the one that lists them
            found.add(f"{path.name} {path.readlink()}")
    return {one for one in found if "pipe:" in one}


def test_a_host_that_cannot_be_started_leaves_no_pipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With too many processes, say: both ends of its pipe are closed."""
    started = subprocess.Popen

    def refuse(command: list[str], **options: object) -> object:
        if "gradjudge.judge.host" in command:
            raise OSError(11, "Resource temporarily unavailable")
        return started(command, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "Popen", refuse)
    servers, before = Servers(Terms(make_course(tmp_path), ("lab",))), descriptors()
    try:
        with pytest.raises(CourseError, match="grading cannot start"):
            servers.start()
        assert descriptors() <= before
    finally:
        servers.close()


def test_faults_of_a_submission_are_reported_when_the_servers_are_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Staff read the submission's own faults, not only that of the servers."""

    class Gone:
        def fork(self, setup: JudgeSetup) -> NoReturn:
            raise ServersLost("the judge host died (SIGKILL)")

        def lost(self, seconds: float) -> str:
            return "the judge host died (SIGKILL)"

    def refuse(lost: object, why: str) -> NoReturn:
        raise InternalError(f"{why}; given up")

    supervisor = Supervisor(make_course(tmp_path), ("lab",))
    monkeypatch.setattr(supervisor, "_present", Gone)
    monkeypatch.setattr(supervisor, "_replace", refuse)
    with pytest.raises(InternalError) as raised:
        supervisor.judge(Job("ada", "lab", "lab.py", ""))
    assert str(raised.value).splitlines() == [
        "the judge was lost with its host at check (start)",
        "the judge host died (SIGKILL); given up",
    ]


def test_everything_that_holds_an_answer_is_secret(tmp_path: Path) -> None:
    """The instructor's notebooks, too: each holds every solution."""
    course = make_course(tmp_path)
    named = {"grading.toml", "autograder", "solutions", "source", "submitted", "grades"}
    assert {path.name for path in course.secret} == named
    rubric = course.rubric_file.read_text()
    course.rubric_file.write_text(re.sub(r"^seed = .*$", 'seed = { file = "elsewhere/.seed" }', rubric, flags=re.M))
    assert {path.name for path in Course(course.root).secret} == {*named, ".seed"}


@pytest.fixture
def exposed() -> Iterator[Path]:
    """Make a folder that every session may read: among Python's packages."""
    with tempfile.TemporaryDirectory(dir=sysconfig.get_paths()["purelib"], prefix="exposed-") as folder:
        yield Path(folder)


@pytest.mark.parametrize("command", [["grade", "lab", "--submitted", "."], ["check", "ada/lab/lab.py", "-a", "lab"]])
def test_submissions_that_sessions_could_read_are_refused(tmp_path: Path, exposed: Path, command: list[str]) -> None:
    """Before anything runs, naming the folder: one student's code could read another's."""
    course = make_course(tmp_path)
    (exposed / "ada/lab").mkdir(parents=True)
    (exposed / "ada/lab/lab.py").write_text(RIGHT)
    done = subprocess.run(
        [sys.executable, "-m", "gradjudge.cli", *command, "--course", str(course.root)],
        capture_output=True,
        text=True,
        cwd=exposed,
    )
    assert done.returncode == 2, json.dumps([done.stdout, done.stderr])
    assert "must stay unread by submissions" in done.stderr
    assert not course.grades.exists() or not list(course.grades.rglob("*.json"))
