"""The typed, frozen values of ``grading.toml``; `gradjudge.course.rubric_file.load_rubric` reads and validates them."""

from __future__ import annotations

import hashlib
import math
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from gradjudge.course.toml_table import did_you_mean
from gradjudge.errors import CourseError
from gradjudge.text import LANGUAGES

DEVICES = ("cpu", "cuda")
SANDBOXES = ("required", "none")
KINDS = ("auto", "manual")


class SeedSource(msgspec.Struct, frozen=True):
    """Where the course's secret seed comes from: environment variable, else file, else default.

    The default is in a committed file, so not secret: it is for sample courses and tests.
    """

    env: str = ""
    file: str = ""
    default: str = ""

    def read(self, root: Path) -> str:
        """Return the seed of the course in `root`.

        Raises:
            CourseError: there is none, or the file exists but is empty or unreadable.
        """
        if self.env and os.environ.get(self.env, "").strip():
            return os.environ[self.env].strip()
        path = root / self.file
        if self.file and path.exists():
            try:
                seed = path.read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise CourseError(f"{path}: the course's seed cannot be read: {error}") from error
            if not seed:
                raise CourseError(f"{path}: the course's seed is empty. Write a line of random characters into it.")
            return seed
        if self.default:
            return self.default
        ways = [f"set {self.env}" if self.env else "", f"write one into {path}" if self.file else ""]
        raise CourseError(
            f"{root}: the course has no seed. "
            + (" or ".join(way for way in ways if way) or "Name one under [course], key 'seed', in grading.toml")
            + "."
        )


class GradingLimits(msgspec.Struct, frozen=True):
    """The resources of one submission.

    Seconds count while its code computes or sleeps; MB and kB are 2**20 and 2**10 bytes.
    """

    cell_seconds: float = 30.0
    check_seconds: float = 20.0
    submission_seconds: float = 300.0
    memory_mb: int = 2048
    output_kb: int = 256
    scratch_mb: int = 64
    file_mb: int = 32
    notebook_mb: int = 20
    cells: int = 500


class LatePolicy(msgspec.Struct, frozen=True):
    """The late penalty: a fraction of the score for each started day, up to `max_days`."""

    per_day: float
    max_days: int
    grace_minutes: float = 0.0


class Threshold(msgspec.Struct, frozen=True):
    """A calibrated bound: `value`, plus a `tolerance` by kind of device (negative for a lower bound)."""

    value: float
    tolerance: dict[str, float] = {}
    method: str = ""

    def on(self, device: str) -> float:
        """Return the bound on a kind of device (``"cpu"`` or ``"cuda"``)."""
        return self.value + self.tolerance.get(device, 0.0)


class Forbidden(msgspec.Struct, frozen=True):
    """Calls that must not appear in `within`, dotted names of the student's functions."""

    within: tuple[str, ...]
    calls: tuple[str, ...]


class Item(msgspec.Struct, frozen=True):
    """A graded item.

    Attributes:
        checks: points of each hidden test by name, which sum to `points`; all None if the item is all or nothing.
        needs: earlier items; one that failed is replaced by a stand-in for judging this one.
        cells: ``grade_id`` of the item's cells in the source notebook.
        hint: by language.
    """

    name: str
    points: float
    kind: str = "auto"
    checks: dict[str, float | None] = {}
    needs: tuple[str, ...] = ()
    cells: tuple[str, ...] = ()
    hint: dict[str, str] = {}
    forbidden: tuple[Forbidden, ...] = ()


class Assignment(msgspec.Struct, frozen=True):
    """One lab: its items, in the order of the file, and its other settings."""

    name: str
    title: dict[str, str]
    items: tuple[Item, ...]
    limits: GradingLimits = GradingLimits()
    due: datetime | None = None
    late: LatePolicy | None = None
    aliases: dict[str, tuple[str, ...]] = {}
    thresholds: dict[str, Threshold] = {}
    languages: tuple[str, ...] = LANGUAGES

    @property
    def points(self) -> float:
        """Points of all items."""
        return math.fsum(item.points for item in self.items)

    def item(self, name: str) -> Item:
        """Return an item by name.

        Raises:
            CourseError: there is none; the message names the nearest.
        """
        for item in self.items:
            if item.name == name:
                return item
        names = [item.name for item in self.items]
        raise CourseError(f"assignment '{self.name}' has no item '{name}'.{did_you_mean(name, names)}")

    def threshold(self, name: str) -> Threshold:
        """Return a threshold by name.

        Raises:
            CourseError: there is none; the message names the nearest.
        """
        if name not in self.thresholds:
            raise CourseError(
                f"assignment '{self.name}' has no threshold '{name}'.{did_you_mean(name, self.thresholds)}"
            )
        return self.thresholds[name]


class Bar(msgspec.Struct, frozen=True):
    """What ``gradjudge verify`` demands of the hidden tests.

    Attributes:
        ordinary, evasive: share of the mutants of each kind that must lose points.
        named: share of the labelled mistakes that the feedback must name.
    """

    ordinary: float = 0.99
    evasive: float = 0.95
    named: float = 0.9


class Rubric(msgspec.Struct, frozen=True):
    """The content of ``grading.toml``."""

    name: str
    languages: tuple[str, ...]
    seed: SeedSource
    sandbox: str
    assignments: dict[str, Assignment]
    bar: Bar = Bar()

    @property
    def default_language(self) -> str:
        """The first of the course's languages."""
        return self.languages[0]

    def assignment(self, name: str) -> Assignment:
        """Return an assignment by name.

        Raises:
            CourseError: there is none; the message names the nearest.
        """
        if name not in self.assignments:
            raise CourseError(f"course '{self.name}' has no assignment '{name}'.{did_you_mean(name, self.assignments)}")
        return self.assignments[name]

    def section_digest(self, name: str) -> str:
        """Return the SHA-256 of an assignment's section, with limits and sandbox.

        It depends on values, not on spelling: comments, the order of tables, or ``2.0`` for ``2`` do not change it, so
        finished reports stay valid.
        """
        section = [self.sandbox, self.assignment(name)]
        return hashlib.sha256(msgspec.json.encode(section, order="deterministic")).hexdigest()


def late_penalty(due: datetime | None, handed_in: datetime | None, policy: LatePolicy | None) -> float:
    """Return the fraction of the score, from 0 to 1, that lateness costs.

    Nothing within the grace period; after it ``per_day`` for each started day since `due`, up to ``max_days``. Both
    times must be timezone-aware.
    """
    if due is None or handed_in is None or policy is None:
        return 0.0
    # In UTC: Python subtracts times of the same tzinfo as wall clocks, an hour off across a clock change.
    late = handed_in.astimezone(UTC) - due.astimezone(UTC)
    if late <= timedelta(minutes=policy.grace_minutes):
        return 0.0
    days = min(math.ceil(late / timedelta(days=1)), policy.max_days)
    return min(1.0, days * policy.per_day)
