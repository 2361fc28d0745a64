"""Parse and validate ``grading.toml`` into the values of `gradjudge.course.rubric`."""

from __future__ import annotations

import math
import re
from datetime import datetime
from pathlib import Path
from typing import Any

from gradjudge.course.rubric import (
    DEVICES,
    KINDS,
    SANDBOXES,
    Assignment,
    Bar,
    Forbidden,
    GradingLimits,
    Item,
    LatePolicy,
    Rubric,
    SeedSource,
    Threshold,
)
from gradjudge.course.toml_table import TomlTable, did_you_mean, read_toml, shown
from gradjudge.errors import CourseError
from gradjudge.text import LANGUAGES

ASSIGNMENT_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
ITEM_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)*")
IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
DOTTED = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")
CALL = re.compile(r"\.?[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")
CHECK_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\[[^\]\s]+\])?")
GRADE_ID = re.compile(r"[A-Za-z0-9_-]+")

#: Usual aliases of modules. Rules use full names: imports are resolved.
USUAL_ALIASES = {
    "F": "torch.nn.functional",
    "nn": "torch.nn",
    "np": "numpy",
    "optim": "torch.optim",
    "pd": "pandas",
    "plt": "matplotlib.pyplot",
}

#: The lists of calls in ``[forbidden]``, by name.
Lists = dict[str, tuple[str, ...]]

MOST_POINTS = 1000.0
LONGEST_SECONDS = 86_400.0
LARGEST_MB = 1 << 20


def load_rubric(path: Path) -> Rubric:
    """Read ``grading.toml``.

    Raises:
        CourseError: names file, table and key, what was found, and what was expected.
    """
    root = read_toml(path)
    root.only("course", "limits", "late", "verify", "forbidden", "assignments")
    course = root.table("course")
    course.only("name", "languages", "seed", "sandbox")
    languages = _languages(course)
    limits = _limits(root.table("limits", required=False), GradingLimits())
    late = _late(root)
    lists = _lists(root.table("forbidden", required=False))
    assignments = {
        name: _assignment(name, table, languages, limits, late, lists) for name, table in root.tables("assignments")
    }
    if not assignments:
        root.fail("assignments", "nothing", "one table [assignments.NAME] for each lab")
    _refuse_lookalikes(root.table("assignments"), list(assignments))
    return Rubric(
        name=course.text("name"),
        languages=languages,
        seed=_seed(course),
        sandbox=_sandbox(course),
        assignments=assignments,
        bar=_bar(root.table("verify", required=False)),
    )


def _sandbox(course: TomlTable) -> str:
    if course.values.get("sandbox") == "hardened":
        more = "'required', the default; for more walls, run the command in a container or a virtual machine"
        course.fail("sandbox", "'hardened'", more)
    return course.text("sandbox", "required", choices=SANDBOXES)


def _bar(table: TomlTable) -> Bar:
    table.only("ordinary", "evasive", "named")
    names = Bar.__struct_fields__
    return Bar(*(table.number(name, getattr(Bar(), name), low=0, high=1) for name in names))


def _refuse_lookalikes(table: TomlTable, names: list[str]) -> None:
    """Refuse names that differ only in case: some file systems make them one folder."""
    for index, name in enumerate(names):
        if not ASSIGNMENT_NAME.fullmatch(name):
            table.fail(name, f"the name '{name}'", "letters, digits and underscores, a letter first")
        for other in names[:index]:
            if other.casefold() == name.casefold():
                table.fail(name, f"'{other}' and '{name}'", "names that differ in more than upper and lower case")


def _languages(course: TomlTable) -> tuple[str, ...]:
    languages = course.words("languages", re.compile(r"\w+"), "languages", required=True)
    for language in languages:
        if language not in LANGUAGES:
            expected = f"languages of which there is a catalogue.{did_you_mean(language, LANGUAGES)}"
            course.fail("languages", f"'{language}'", expected)
    return languages


def _seed(course: TomlTable) -> SeedSource:
    table = course.table("seed")
    table.only("env", "file", "default")
    if not table.values:
        course.fail("seed", "an empty table", "at least one of the keys 'env', 'file', 'default'")
    return SeedSource(**{key: table.text(key) for key in ("env", "file", "default") if table.has(key)})


def _limits(table: TomlTable, defaults: GradingLimits) -> GradingLimits:
    names = GradingLimits.__struct_fields__
    table.only(*names)
    seconds: dict[str, Any] = {
        name: table.number(name, getattr(defaults, name), above=0, high=LONGEST_SECONDS)
        for name in names
        if name.endswith("_seconds")
    }
    sizes: dict[str, Any] = {
        name: table.whole(name, getattr(defaults, name), low=1, high=LARGEST_MB)
        for name in names
        if not name.endswith("_seconds")
    }
    limits = GradingLimits(**seconds, **sizes)
    for name in ("cell_seconds", "check_seconds"):
        if getattr(limits, name) > limits.submission_seconds:
            table.fail(
                name,
                f"{getattr(limits, name):g}",
                f"at most submission_seconds, which is {limits.submission_seconds:g}",
            )
    return limits


def _late(parent: TomlTable) -> LatePolicy | None:
    if not parent.has("late"):
        return None
    table = parent.table("late")
    table.only("per_day", "max_days", "grace_minutes")
    policy = LatePolicy(
        per_day=table.number("per_day", above=0, high=1),
        max_days=table.whole("max_days", 1, low=1, high=366),
        grace_minutes=table.number("grace_minutes", 0.0, low=0, high=1440),
    )
    if policy.per_day * policy.max_days > 1 + 1e-9:
        total = f"{policy.per_day:g} for each of {policy.max_days} days"
        table.fail("max_days", total, "together at most 1, the whole score")
    return policy


def _assignment(
    name: str,
    table: TomlTable,
    languages: tuple[str, ...],
    limits: GradingLimits,
    late: LatePolicy | None,
    lists: Lists,
) -> Assignment:
    table.only("title", "due", "late", "aliases", "limits", "thresholds", "items")
    items: list[Item] = []
    for item_name, item_table in table.tables("items"):
        items.append(_item(item_name, item_table, languages, lists, items))
    if not items:
        table.fail("items", "nothing", f'at least one table [assignments.{name}.items."NAME"]')
    _check_needs(table.table("items"), items)
    return Assignment(
        name=name,
        title=_texts(table, "title", languages),
        items=tuple(items),
        limits=_limits(table.table("limits", required=False), limits),
        due=_due(table),
        late=_late(table) if table.has("late") else late,
        aliases=_aliases(table.table("aliases", required=False)),
        thresholds={key: _threshold(entry) for key, entry in table.tables("thresholds")},
        languages=languages,
    )


def _texts(parent: TomlTable, key: str, languages: tuple[str, ...]) -> dict[str, str]:
    """Read a text, which every language of the course must have."""
    table = parent.table(key)
    table.only(*languages)
    return {language: table.text(language) for language in languages}


def _due(table: TomlTable) -> datetime | None:
    if not table.has("due"):
        return None
    due = table.values["due"]
    expected = "a date and time with its offset, such as 2027-02-01T23:59:00+01:00"
    if not isinstance(due, datetime):
        table.fail("due", shown(due), expected)
    if due.tzinfo is None:
        table.fail("due", f"{due.isoformat()} without a time zone", expected)
    return due


def _aliases(table: TomlTable) -> dict[str, tuple[str, ...]]:
    for name in table.values:
        if not IDENTIFIER.fullmatch(name):
            table.fail(name, f"the name '{name}'", "a Python name")
    return {name: table.words(name, IDENTIFIER, "Python names", required=True) for name in table.values}


def _threshold(table: TomlTable) -> Threshold:
    table.only("value", "tolerance", "method")
    tolerance = table.table("tolerance", required=False)
    tolerance.only(*DEVICES)
    return Threshold(
        value=table.number("value"),
        tolerance={device: tolerance.number(device) for device in tolerance.values},
        method=table.text("method", ""),
    )


def _item(name: str, table: TomlTable, languages: tuple[str, ...], lists: Lists, earlier: list[Item]) -> Item:
    table.only("points", "kind", "checks", "needs", "cells", "hint", "forbidden")
    if not ITEM_NAME.fullmatch(name):
        table.fail(None, f"the name '{name}'", "words of letters, digits and underscores, joined by dots")
    points = table.number("points", above=0, high=MOST_POINTS)
    item = Item(
        name=name,
        points=points,
        kind=table.text("kind", "auto", choices=KINDS),
        checks=_checks(table, points),
        needs=table.words("needs", ITEM_NAME, "names of items"),
        cells=table.words("cells", GRADE_ID, "grade_ids of cells", required=True),
        hint=_texts(table, "hint", languages) if table.has("hint") else {},
        forbidden=tuple(_forbidden(entry, lists) for entry in table.list_of_tables("forbidden")),
    )
    _check_kind(table, item)
    for other in earlier:
        for check in item.checks:
            if check in other.checks:
                table.fail("checks", f"'{check}', which item '{other.name}' has too", "each check in one item only")
    return item


def _checks(table: TomlTable, points: float) -> dict[str, float | None]:
    if not isinstance(table.values.get("checks"), dict):
        return dict.fromkeys(table.words("checks", CHECK_NAME, "names of checks"))
    checks = table.table("checks")
    for name in checks.values:
        if not CHECK_NAME.fullmatch(name):
            table.fail("checks", f"'{name}'", "names of checks: a test function's name without 'test_'")
    earned: dict[str, float | None] = {name: checks.number(name, above=0, high=MOST_POINTS) for name in checks.values}
    total = math.fsum(value for value in earned.values() if value is not None)
    if earned and not math.isclose(total, points, rel_tol=1e-9):
        table.fail("checks", f"points that sum to {total:g}", f"the item's points, {points:g}")
    return earned


def _check_kind(table: TomlTable, item: Item) -> None:
    if item.kind == "manual":
        for key in ("checks", "forbidden", "needs"):
            if getattr(item, key):
                table.fail(key, shown(table.values[key]), "nothing: a manual item is marked by a person")
    elif not item.checks:
        table.fail("checks", shown(table.values.get("checks", [])), 'at least one check, or kind = "manual"')


def _lists(table: TomlTable) -> Lists:
    return {name: _calls(table, name, required=True) for name in table.values}


def _forbidden(table: TomlTable, lists: Lists) -> Forbidden:
    table.only("in", "lists", "calls")
    within = table.words("in", DOTTED, "dotted names of the student's functions", required=True)
    names = table.words("lists", re.compile(r".+"), "names of lists in [forbidden]")
    for name in names:
        if name not in lists:
            table.fail("lists", f"'{name}'", "names of lists in [forbidden]." + did_you_mean(name, lists))
    calls = [call for name in names for call in lists[name]]
    return Forbidden(within, tuple(dict.fromkeys([*calls, *_calls(table, "calls", required=not names)])))


def _calls(table: TomlTable, key: str, *, required: bool) -> tuple[str, ...]:
    calls = table.words(key, CALL, "dotted names (a leading dot for a method of anything)", required=required)
    for call in calls:
        alias, dot, rest = call.partition(".")
        if alias in USUAL_ALIASES:
            table.fail(key, f"'{call}', which no call is ever named", f"'{USUAL_ALIASES[alias]}{dot}{rest}'")
    return calls


def _check_needs(items_table: TomlTable, items: list[Item]) -> None:
    """Refuse needs that are unknown or not earlier in the file, which also rules out cycles."""
    order = {item.name: place for place, item in enumerate(items)}
    for place, item in enumerate(items):
        table = items_table.table(item.name)
        for need in item.needs:
            if need not in order:
                raise CourseError(
                    f"{table.file}, {table.name}, key 'needs': found '{need}', which is no item."
                    + did_you_mean(need, [name for name in order if name != item.name])
                )
            if order[need] == place:
                table.fail("needs", f"'{need}', the item itself", "earlier items")
            if order[need] > place:
                table.fail("needs", f"'{need}', which comes later", "earlier items: move this table below that one")
