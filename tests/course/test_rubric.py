"""`load_rubric`: values of good files, messages about bad ones."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gradjudge.course.rubric import Forbidden, GradingLimits, LatePolicy, Rubric, SeedSource, late_penalty
from gradjudge.course.rubric_file import load_rubric
from gradjudge.errors import CourseError
from gradjudge.text import LANGUAGES

GOOD = """\
[course]
name = "Deep learning by hand"
languages = ["fr", "en"]
seed = { env = "GRADJUDGE_SEED", default = "public" }
[limits]
cell_seconds = 10
[late]
per_day = 0.1
max_days = 5
grace_minutes = 15
[forbidden]
autograd = ["torch.autograd", "torch.func"]
[assignments.tp1]
title = { fr = "Fonctions", en = "Functions" }
due = 2027-02-01T23:59:00+01:00
aliases = { Linear = ["MyLinear"] }
[assignments.tp1.limits]
memory_mb = 512
[assignments.tp1.thresholds]
"train.loss" = { value = 0.3, tolerance = { cuda = 0.002 }, method = "20 seeds" }
[assignments.tp1.items."mse.forward"]
points = 4
checks = { mse_value = 3, "mse_shape[1]" = 1 }
cells = ["mse"]
[assignments.tp1.items."mse.dyhat"]
points = 2
checks = ["mse_dyhat"]
needs = ["mse.forward"]
cells = ["mse"]
hint = { fr = "Signe ?", en = "Sign?" }
forbidden = [{ in = ["MSE.backward"], lists = ["autograd"], calls = ["torch.func", ".backward"] }]
[assignments.tp1.items."q1"]
points = 3.5
kind = "manual"
cells = ["q1"]
"""


def load(folder: Path, text: str) -> Rubric:
    """Write a grading.toml and load it."""
    path = folder / "grading.toml"
    path.write_text(text, encoding="utf-8")
    return load_rubric(path)


def complaint(folder: Path, text: str) -> str:
    """Return the message about a bad file, without the folder's name."""
    with pytest.raises(CourseError) as caught:
        load(folder, text)
    return str(caught.value).replace(f"{folder}/", "")


def test_values(tmp_path: Path) -> None:
    """Limits are inherited, and the order of items is the file's."""
    rubric = load(tmp_path, GOOD)
    tp1 = rubric.assignment("tp1")
    assert rubric.languages == tp1.languages == ("fr", "en")
    assert rubric.default_language == "fr"
    assert rubric.sandbox == "required"
    assert tp1.limits == GradingLimits(cell_seconds=10, memory_mb=512)
    assert [item.name for item in tp1.items] == ["mse.forward", "mse.dyhat", "q1"]
    assert tp1.points == 9.5
    assert tp1.item("mse.forward").checks == {"mse_value": 3.0, "mse_shape[1]": 1.0}
    assert tp1.item("mse.dyhat").checks == {"mse_dyhat": None}
    assert tp1.item("mse.dyhat").forbidden == (
        Forbidden(within=("MSE.backward",), calls=("torch.autograd", "torch.func", ".backward")),
    )
    assert tp1.due == datetime(2027, 2, 1, 22, 59, tzinfo=UTC)
    assert tp1.late == LatePolicy(per_day=0.1, max_days=5, grace_minutes=15)
    assert tp1.aliases == {"Linear": ("MyLinear",)}
    assert tp1.threshold("train.loss").on("cuda") == 0.302
    assert tp1.threshold("train.loss").on("cpu") == 0.3


def test_frozen(tmp_path: Path) -> None:
    """A rubric cannot be changed."""
    with pytest.raises(AttributeError):
        load(tmp_path, GOOD).name = "other"  # type: ignore[misc]


def test_windows_file(tmp_path: Path) -> None:
    """A byte-order mark and Windows' line ends are read."""
    path = tmp_path / "grading.toml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert load_rubric(path).name == "Deep learning by hand"


ITEM = '[assignments.tp1.items."mse.dyhat"]'
BAD = {
    "unknown key": (
        ("points = 2\n", "point = 2\n"),
        f"grading.toml, {ITEM}: unknown key 'point'. Did you mean 'points'?",
    ),
    "unknown table": (
        ("[limits]", "[limit]"),
        "grading.toml, the top level: unknown key 'limit'. Did you mean 'limits'?",
    ),
    "negative points": (
        ("points = 2\n", "points = -2\n"),
        f"grading.toml, {ITEM}, key 'points': found -2; expected a number above 0 and at most 1000",
    ),
    "points as text": (
        ("points = 2\n", 'points = "2"\n'),
        f"grading.toml, {ITEM}, key 'points': found '2'; expected a number above 0 and at most 1000",
    ),
    "points as truth": (
        ("points = 2\n", "points = true\n"),
        f"grading.toml, {ITEM}, key 'points': found true; expected a number above 0 and at most 1000",
    ),
    "no points": (
        ("points = 2\n", ""),
        f"grading.toml, {ITEM}, key 'points': found nothing; expected a number above 0 and at most 1000",
    ),
    "checks that do not sum": (
        ("mse_value = 3", "mse_value = 2"),
        "grading.toml, [assignments.tp1.items.\"mse.forward\"], key 'checks': found points that sum to 3; "
        "expected the item's points, 4",
    ),
    "check of two items": (
        ('checks = ["mse_dyhat"]', 'checks = ["mse_value"]'),
        f"grading.toml, {ITEM}, key 'checks': found 'mse_value', which item 'mse.forward' has too; "
        "expected each check in one item only",
    ),
    "check twice": (
        ('checks = ["mse_dyhat"]', 'checks = ["a", "a"]'),
        f"grading.toml, {ITEM}, key 'checks': found 'a' twice; expected a list of different names of checks",
    ),
    "no checks": (
        ('checks = ["mse_dyhat"]\n', ""),
        f"grading.toml, {ITEM}, key 'checks': found an empty list; expected at least one check, or kind = \"manual\"",
    ),
    "manual with checks": (
        ('kind = "manual"', 'kind = "manual"\nchecks = ["a"]'),
        "grading.toml, [assignments.tp1.items.q1], key 'checks': found ['a']; "
        "expected nothing: a manual item is marked by a person",
    ),
    "kind": (
        ('kind = "manual"', 'kind = "manuel"'),
        "grading.toml, [assignments.tp1.items.q1], key 'kind': found 'manuel'; expected one of 'auto', 'manual'. "
        "Did you mean 'manual'?",
    ),
    "unknown need": (
        ('needs = ["mse.forward"]', 'needs = ["mse.foward"]'),
        f"grading.toml, {ITEM}, key 'needs': found 'mse.foward', which is no item. Did you mean 'mse.forward'?",
    ),
    "later need": (
        ('needs = ["mse.forward"]', 'needs = ["q1"]'),
        f"grading.toml, {ITEM}, key 'needs': found 'q1', which comes later; "
        "expected earlier items: move this table below that one",
    ),
    "own need": (
        ('needs = ["mse.forward"]', 'needs = ["mse.dyhat"]'),
        f"grading.toml, {ITEM}, key 'needs': found 'mse.dyhat', the item itself; expected earlier items",
    ),
    "infinite threshold": (
        ("value = 0.3", "value = inf"),
        "grading.toml, [assignments.tp1.thresholds.\"train.loss\"], key 'value': found inf; expected a finite number",
    ),
    "unknown device": (
        ("cuda = 0.002", "gpu = 0.002"),
        "grading.toml, [assignments.tp1.thresholds.\"train.loss\".tolerance]: unknown key 'gpu'. There is: cpu, cuda.",
    ),
    "zero limit": (
        ("cell_seconds = 10", "cell_seconds = 0"),
        "grading.toml, [limits], key 'cell_seconds': found 0; expected a number above 0 and at most 86400",
    ),
    "broken limit": (
        ("memory_mb = 512", "memory_mb = 0.5"),
        "grading.toml, [assignments.tp1.limits], key 'memory_mb': found 0.5; expected a whole number from 1 to 1048576",
    ),
    "cell longer than all": (
        ("cell_seconds = 10", "cell_seconds = 400"),
        "grading.toml, [limits], key 'cell_seconds': found 400; expected at most submission_seconds, which is 300",
    ),
    "unknown language": (
        ('["fr", "en"]', '["fr", "de"]'),
        "grading.toml, [course], key 'languages': found 'de'; expected languages of which there is a catalogue. "
        f"There is: {', '.join(LANGUAGES)}.",
    ),
    "text in one language": (
        ('title = { fr = "Fonctions", en = "Functions" }', 'title = { fr = "Fonctions" }'),
        "grading.toml, [assignments.tp1.title], key 'en': found nothing; expected a text that is not empty",
    ),
    "malformed call": (
        ('".backward"', '"backward()"'),
        "grading.toml, [assignments.tp1.items.\"mse.dyhat\".forbidden[1]], key 'calls': found 'backward()'; "
        "expected a list of dotted names (a leading dot for a method of anything)",
    ),
    "call of an alias": (
        ('".backward"', '"nn.Linear"'),
        "grading.toml, [assignments.tp1.items.\"mse.dyhat\".forbidden[1]], key 'calls': found 'nn.Linear', which no "
        "call is ever named; expected 'torch.nn.Linear'",
    ),
    "alias in a list": (
        ('"torch.func"]\n', '"F.linear"]\n'),
        "grading.toml, [forbidden], key 'autograd': found 'F.linear', which no call is ever named; "
        "expected 'torch.nn.functional.linear'",
    ),
    "unknown list": (
        ('lists = ["autograd"]', 'lists = ["autogard"]'),
        "grading.toml, [assignments.tp1.items.\"mse.dyhat\".forbidden[1]], key 'lists': found 'autogard'; "
        "expected names of lists in [forbidden]. Did you mean 'autograd'?",
    ),
    "neither lists nor calls": (
        ('lists = ["autograd"], calls = ["torch.func", ".backward"]', "lists = []"),
        "grading.toml, [assignments.tp1.items.\"mse.dyhat\".forbidden[1]], key 'calls': found nothing; "
        "expected a list of dotted names (a leading dot for a method of anything)",
    ),
    "naive due": (
        ("23:59:00+01:00", "23:59:00"),
        "grading.toml, [assignments.tp1], key 'due': found 2027-02-01T23:59:00 without a time zone; "
        "expected a date and time with its offset, such as 2027-02-01T23:59:00+01:00",
    ),
    "due as a day": (
        ("2027-02-01T23:59:00+01:00", "2027-02-01"),
        "grading.toml, [assignments.tp1], key 'due': found 2027-02-01; "
        "expected a date and time with its offset, such as 2027-02-01T23:59:00+01:00",
    ),
    "late beyond all": (
        ("per_day = 0.1", "per_day = 0.3"),
        "grading.toml, [late], key 'max_days': found 0.3 for each of 5 days; "
        "expected together at most 1, the whole score",
    ),
    "alias": (
        ('["MyLinear"]', '["My Linear"]'),
        "grading.toml, [assignments.tp1.aliases], key 'Linear': found 'My Linear'; expected a list of Python names",
    ),
    "assignment's name": (
        ("assignments.tp1", 'assignments."../tp1"'),
        "grading.toml, [assignments], key '../tp1': found the name '../tp1'; "
        "expected letters, digits and underscores, a letter first",
    ),
    "no cells": (
        ('cells = ["q1"]\n', ""),
        "grading.toml, [assignments.tp1.items.q1], key 'cells': found nothing; expected a list of grade_ids of cells",
    ),
    "no seed": (
        ('{ env = "GRADJUDGE_SEED", default = "public" }', "{}"),
        "grading.toml, [course], key 'seed': found an empty table; "
        "expected at least one of the keys 'env', 'file', 'default'",
    ),
    "sandbox of another kind": (
        ('name = "Deep learning by hand"', 'name = "Deep learning by hand"\nsandbox = "hardened"'),
        "grading.toml, [course], key 'sandbox': found 'hardened'; expected 'required', the default; "
        "for more walls, run the command in a container or a virtual machine",
    ),
    "an item that is no table": (
        ('aliases = { Linear = ["MyLinear"] }', "items.q2 = 3"),
        "grading.toml, [assignments.tp1.items], key 'q2': found 3; expected a table",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_files(tmp_path: Path, name: str) -> None:
    """Each mistake is reported with file, table, key, what was found and what was expected."""
    (old, new), message = BAD[name]
    assert old in GOOD
    assert complaint(tmp_path, GOOD.replace(old, new)) == message


@pytest.mark.parametrize(
    ("old", "new", "place", "line"),
    [
        ("cell_seconds = 10", "cell_seconds = ten", "line 6, column 16", "cell_seconds = ten"),
        ('items."q1"', 'items."mse.dyhat"', "line 32, column 35", '[assignments.tp1.items."mse.dyhat"]'),
    ],
)
def test_syntax(tmp_path: Path, old: str, new: str, place: str, line: str) -> None:
    """Invalid TOML is reported with line, column, Python's reason and the line itself."""
    message = complaint(tmp_path, GOOD.replace(old, new))
    assert message.startswith(f"grading.toml, {place}: not valid TOML: ")
    assert message.endswith(f". The line reads: {line}")


def test_open_quotes(tmp_path: Path) -> None:
    """A syntax error at the end of the file says what to look for."""
    assert complaint(tmp_path, GOOD + 'x = """').endswith("Is a bracket or a quote left open?")


def test_not_utf8(tmp_path: Path) -> None:
    """A file in Latin-1 is refused with the line."""
    (tmp_path / "grading.toml").write_bytes(b"a = 1\nb = '\xe9'\n")
    with pytest.raises(CourseError, match=r"grading.toml, line 2: found the byte 0xe9, which is not UTF-8"):
        load_rubric(tmp_path / "grading.toml")


def test_names_that_differ_in_case(tmp_path: Path) -> None:
    """Two assignments that are one folder on some systems are refused."""
    second = GOOD[GOOD.index("[assignments.tp1]") :].replace("assignments.tp1", "assignments.TP1")
    assert "found 'tp1' and 'TP1'" in complaint(tmp_path, GOOD + second)


@pytest.mark.parametrize("ask", ["assignment", "item", "threshold"])
def test_unknown_names(tmp_path: Path, ask: str) -> None:
    """The message suggests the right name."""
    rubric = load(tmp_path, GOOD)
    tp1 = rubric.assignment("tp1")
    asked: dict[str, tuple[Callable[[], object], str]] = {
        "assignment": (lambda: rubric.assignment("tp11"), "tp1"),
        "item": (lambda: tp1.item("mse.forwards"), "mse.forward"),
        "threshold": (lambda: tp1.threshold("train.los"), "train.loss"),
    }
    call, near = asked[ask]
    with pytest.raises(CourseError, match=re.escape(f"Did you mean '{near}'?")):
        call()


def test_section_digest(tmp_path: Path) -> None:
    """The digest depends on the values of one assignment, not on their spelling."""
    before = load(tmp_path, GOOD)
    same = load(tmp_path, "# a comment\n" + GOOD.replace("points = 2\n", "points = 2.0\n"))
    assert same.section_digest("tp1") == before.section_digest("tp1")
    for old, new in [("cell_seconds = 10", "cell_seconds = 11"), ("value = 0.3", "value = 0.31"), ("MyL", "OurL")]:
        assert load(tmp_path, GOOD.replace(old, new)).section_digest("tp1") != before.section_digest("tp1")


DUE = datetime(2027, 2, 1, 23, 59, tzinfo=timezone(timedelta(hours=1)))
POLICY = LatePolicy(per_day=0.1, max_days=5, grace_minutes=15)


@pytest.mark.parametrize(
    ("late", "penalty"),
    [
        (timedelta(hours=-3), 0.0),
        (timedelta(minutes=15), 0.0),
        (timedelta(minutes=15, seconds=1), 0.1),
        (timedelta(days=1), 0.1),
        (timedelta(days=1, seconds=1), 0.2),
        (timedelta(days=300), 0.5),
    ],
)
def test_late_penalty(late: timedelta, penalty: float) -> None:
    """Each started day costs its part, after the grace period and up to the last day."""
    assert late_penalty(DUE, DUE + late, POLICY) == pytest.approx(penalty)


def test_late_penalty_across_a_clock_change() -> None:
    """A day is 24 hours, also in the night when the clocks change."""
    paris = ZoneInfo("Europe/Paris")
    due = datetime(2027, 3, 27, 23, 0, tzinfo=paris)
    handed_in = datetime(2027, 3, 28, 23, 59, tzinfo=paris)
    assert late_penalty(due, handed_in, POLICY) == pytest.approx(0.1)


def test_no_late_penalty() -> None:
    """Without a due date, a time or a policy, lateness costs nothing."""
    assert late_penalty(None, DUE, POLICY) == late_penalty(DUE, None, POLICY) == 0.0
    assert late_penalty(DUE, DUE + timedelta(days=2), None) == 0.0


def test_seed_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The seed is the environment's, else the file's, else the default."""
    source = SeedSource(env="TEST_SEED", file="seed", default="c")
    monkeypatch.delenv("TEST_SEED", raising=False)
    assert source.read(tmp_path) == "c"
    (tmp_path / "seed").write_text("b\n")
    assert source.read(tmp_path) == "b"
    monkeypatch.setenv("TEST_SEED", "a")
    assert source.read(tmp_path) == "a"


def test_seed_absent(tmp_path: Path) -> None:
    """The message says what to do; an empty file is no seed."""
    with pytest.raises(CourseError, match=r"no seed. set TEST_SEED_X or write one into .*/seed\."):
        SeedSource(env="TEST_SEED_X", file="seed").read(tmp_path)
    (tmp_path / "seed").write_text(" \n")
    with pytest.raises(CourseError, match="seed is empty"):
        SeedSource(file="seed", default="c").read(tmp_path)
