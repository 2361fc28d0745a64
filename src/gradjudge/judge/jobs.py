"""Submissions to judge, and what the cohort's process and the trusted judge host say to each other, as JSON."""

from __future__ import annotations

import msgspec

from gradjudge.course.hand_in.remarks import Note
from gradjudge.course.rubric import GradingLimits
from gradjudge.reports.record import Findings, Late


class HostSetup(msgspec.Struct, frozen=True):
    """What the host is told at its start, as JSON on its command line."""

    root: str
    assignments: tuple[str, ...]
    control: int
    zygote: int
    ready: int
    device: str
    sandbox: str
    scratch: str
    limits: dict[str, GradingLimits] = {}
    without: tuple[str, ...] = ()


class Job(msgspec.Struct, frozen=True):
    """One submission to judge.

    Attributes:
        key: digest of all that the verdict depends on; empty if the report is not kept.
        late: when it was handed in and what that costs; None where that is not known.
        remarks: what is already known of its files.
        digest: of what its key was made from.
        also: lines of Python that are run after the file (see `gradjudge.course.hand_in.choice.Choice`).
        seed: what hidden inputs are drawn from instead of the course's secret (when tests are tested).
    """

    student: str
    assignment: str
    file: str
    key: str = ""
    late: Late | None = None
    remarks: tuple[Note, ...] = ()
    digest: str = ""
    also: tuple[str, ...] = ()
    seed: str = ""


class JudgeSetup(msgspec.Struct, frozen=True):
    """What a judge is told at its start: of a job, what it must know.

    Attributes:
        skip: checks that are not run, because they ended an earlier judge.
        killed_at: places at which a session of an earlier judge was killed by a signal of unknown origin.
    """

    assignment: str
    file: str
    also: tuple[str, ...] = ()
    seed: str = ""
    skip: tuple[str, ...] = ()
    killed_at: tuple[str, ...] = ()


class HostReady(msgspec.Struct, frozen=True):
    """What the host says when it is ready: hidden checks by assignment, and what is wrong with them, for staff."""

    checks: dict[str, list[str]]
    problems: list[str]


class Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of a judge's stream; `pid` is that of a session which it has started."""

    event: str
    name: str = ""
    pid: int = 0
    detail: str = ""
    found: Findings | None = None
