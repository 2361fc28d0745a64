"""What a course grades, and how: the typed values of ``grading.toml``.

`gradjudge.course.rubric_file.load_rubric` reads the file once. What it returns is frozen and checked, so nobody after
it meets an unknown key, a negative limit or an item that needs one that does not exist. Nothing here imports torch or
nbgrader: the commands that only look at a course must start quickly.
"""

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
    """Where the course's secret seed comes from, in this order: environment variable, file, default.

    The default stands in a committed file and is no secret; it is for sample courses and tests.
    """

    env: str = ""
    file: str = ""
    default: str = ""

    def read(self, root: Path) -> str:
        """Return the seed of the course in `root`.

        Raises:
            CourseError: no source gives one, or the file is there but empty or unreadable.
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
    """What one submission may use.

    Seconds are those in which its code computes or sleeps; MB and kB are 2**20 and 2**10 bytes.
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
    """What lateness costs: a fraction of the score for each started day, and it stops growing after `max_days`."""

    per_day: float
    max_days: int
    grace_minutes: float = 0.0


class Threshold(msgspec.Struct, frozen=True):
    """A calibrated bound: `value`, and what is added to it on each kind of device (negative for a lower bound)."""

    value: float
    tolerance: dict[str, float] = {}
    method: str = ""

    def on(self, device: str) -> float:
        """Return the bound on a kind of device (``"cpu"`` or ``"cuda"``)."""
        return self.value + self.tolerance.get(device, 0.0)


class Forbidden(msgspec.Struct, frozen=True):
    """Calls that must not appear in the functions `within` (dotted names of the student's own definitions)."""

    within: tuple[str, ...]
    calls: tuple[str, ...]


class Item(msgspec.Struct, frozen=True):
    """One thing that earns points.

    Attributes:
        checks: names of the hidden tests that decide it. None for all: all must pass for the points; else each earns
            its own number, and they sum to `points`.
        needs: earlier items; if one of them failed, this item is judged with a stand-in for it.
        cells: ``grade_id`` of the source cells that the item is about.
        hint: text by language.
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
    """One lab: its items in the order of the file, and what else grading it needs."""

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
        """Sum of the points of all items."""
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
    """How much the hidden tests must see.

    Attributes:
        ordinary, evasive: shares of the mutants of each kind that must lose points.
        named: share of the labelled mistakes that the feedback must name.
    """

    ordinary: float = 0.99
    evasive: float = 0.95
    named: float = 0.9


class Rubric(msgspec.Struct, frozen=True):
    """The whole of ``grading.toml``."""

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
        """Return the SHA-256 of all that the rubric says about one assignment, limits and sandbox included.

        It depends on values, not on how the file writes them: a comment, another order of tables that mean the same
        or ``2.0`` for ``2`` leave it as it is, so finished reports stay valid.
        """
        section = [self.sandbox, self.assignment(name)]
        return hashlib.sha256(msgspec.json.encode(section, order="deterministic")).hexdigest()


def late_penalty(due: datetime | None, handed_in: datetime | None, policy: LatePolicy | None) -> float:
    """Return the fraction of the score, from 0 to 1, that lateness costs.

    Within the grace nothing; after it ``per_day`` for each started day since `due`, at most ``max_days`` of them.
    Both times must be timezone-aware.
    """
    if due is None or handed_in is None or policy is None:
        return 0.0
    # In UTC: two aware times with one tzinfo are subtracted as wall clocks, wrong by an hour across a clock change.
    late = handed_in.astimezone(UTC) - due.astimezone(UTC)
    if late <= timedelta(minutes=policy.grace_minutes):
        return 0.0
    days = min(math.ceil(late / timedelta(days=1)), policy.max_days)
    return min(1.0, days * policy.per_day)
