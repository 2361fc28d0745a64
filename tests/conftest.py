"""Students in this process: real answers and codec, without a session, a jail or limits."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import settings
from inmemory import InMemorySession

from gradjudge.judge.proxy.student import Student
from gradjudge.session.answer.answers import Answers
from gradjudge.wire.messages import CellDone, Reply, Request, RunCell

# The same examples in every run: an automatic build must not fail by luck. HYPOTHESIS_PROFILE=wander looks for others.
settings.register_profile("steady", derandomize=True)
settings.register_profile("wander", derandomize=False)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


class PlainNamespace:
    """Run a submission's source at once."""

    def __init__(self, source: str) -> None:
        self.names: dict[str, Any] = {"__name__": "submission"}
        exec(source, self.names)  # noqa: S102  # the source is the test's own

    def run(self, cell: RunCell) -> CellDone:
        """Run one more cell."""
        exec(cell.source, self.names)  # noqa: S102  # the source is the test's own
        return CellDone()


class Counted:
    """Ask a session and record the requests."""

    def __init__(self, source: str) -> None:
        self._session = InMemorySession(Answers(PlainNamespace(source)).answer)
        self.asked: list[Request] = []

    def __call__(self, request: Request) -> Reply:
        """Ask, however long it takes."""
        self.asked.append(request)
        return self._session.ask(request, seconds=60.0)


@pytest.fixture
def load() -> Callable[[str], Student]:
    """Make a student from a submission's source."""
    return lambda source: Student(Counted(source))


@pytest.fixture
def trips() -> Callable[[Student], int]:
    """Count the requests to a student made by `load`."""

    def count(student: Student) -> int:
        ask = vars(student)["_ask"]
        assert isinstance(ask, Counted)
        return len(ask.asked)

    return count


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Report the layers of the jail that were active, in each mode that this machine allows."""
    for report in terminalreporter.stats.get("passed", []):
        for name, value in report.user_properties:
            if name == "layers":
                terminalreporter.write_line(f"layers, {value}")
