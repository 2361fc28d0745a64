"""Submissions to judge, and the JSON messages between the supervisor and the judge host."""

from __future__ import annotations

import msgspec

from gradjudge.course.hand_in.remarks import Note
from gradjudge.course.rubric import GradingLimits
from gradjudge.reports.record import Findings, Late


class HostSetup(msgspec.Struct, frozen=True):
    """The judge host's configuration, as JSON on its command line; `control`, `zygote` and `ready` are descriptors."""

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
        key: digest of everything that the verdict depends on; empty if the report is not kept.
        late: when it was handed in and what that costs; None if unknown.
        remarks: remarks on its files made so far.
        digest: digest of the submission that `key` was made from.
        also: lines of Python that are run after the file (see `gradjudge.course.hand_in.choice.Choice`).
        seed: seed of the hidden inputs, instead of the course's secret (when tests are tested).
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
    """The part of a job that its judge needs; for the fields see `Job`.

    Attributes:
        skip: checks that ended or hung an earlier judge: left ungraded.
        killed_at: places at which a signal of unknown origin killed a session of an earlier judge.
    """

    assignment: str
    file: str
    also: tuple[str, ...] = ()
    seed: str = ""
    skip: tuple[str, ...] = ()
    killed_at: tuple[str, ...] = ()


class HostReady(msgspec.Struct, frozen=True):
    """The host is ready: hidden checks by assignment, and problems with them, for staff."""

    checks: dict[str, list[str]]
    problems: list[str]


class Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of a judge's stream; `pid` is that of a new session."""

    event: str
    name: str = ""
    pid: int = 0
    detail: str = ""
    found: Findings | None = None
