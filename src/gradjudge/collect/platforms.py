"""The naming schemes of learning platforms, one function each.

Each finds an entry's owner by the parts of its path that the platform wrote. Times in these names have no zone: staff
name it.

* Moodle: ``Ada Lovelace_123456_assignsubmission_file_/lab.ipynb``, since Moodle 4 without the last underscore, or
  without folders ``Ada Lovelace_123456_assignsubmission_file_lab.ipynb``; ``..._assignsubmission_onlinetext`` beside it
  is the same student's. The number is the participant's, valid for this assignment only.
* Canvas: ``lovelaceada_LATE_12345_678901_lab.ipynb``. The first number is the student's, the second one the file's;
  ``LATE`` marks a late one. Anonymous: ``anon_Ab3dE_678901_lab.ipynb``.
* Blackboard: ``Lab 1_ada123_attempt_2026-10-03-11-59-12_lab.ipynb``, and a receipt, which ends in ``.txt``.
* Brightspace (D2L): ``100001-50001 - Ada Lovelace - Oct 3, 2026 1159 AM/lab.ipynb``, a folder for each attempt.
* Sakai: ``Lovelace, Ada(ada123)/Submission attachment(s)/lab.ipynb``.
* Teams: ``Submitted files/Ada Lovelace/Lab 1/Version 2/lab.ipynb``.
* Gradescope: ``submission_111/lab.ipynb``, and ``submission_metadata.yml``, which names the students.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo

import msgspec
import yaml

from gradjudge.collect.owners import PLATFORMS_OWN, RECEIPT, Attempt, Claim, Layout, Owner, is_work, versioned

MOODLE = re.compile(
    r"(?P<name>.+?)(?:_(?P<id>\d+))?_assign(?P<what>submission|feedback)_[a-z]+(?:_(?P<file>.*))?", re.DOTALL
)
CANVAS = re.compile(r"(?P<name>.+?)(?P<late>_LATE)?_(?P<id>\d+)_\d+_(?P<file>.+)", re.DOTALL)
CANVAS_TEXT = re.compile(r"(?P<name>.+?)(?P<late>_LATE)?_(?P<id>\d+)_(?P<file>(?:text|link)\.html)")
CANVAS_ANONYMOUS = re.compile(r"(?P<late>LATE_)?(?P<name>anon)_(?P<id>[A-Za-z0-9]+)_(?:\d+_)?(?P<file>.+)", re.DOTALL)
BLACKBOARD = re.compile(r"(?P<who>.+?)_attempt_(?P<when>\d{4}(?:-\d\d){5})_(?P<file>.+)", re.DOTALL)
_MOMENT = r"[^-]*\b\d{4}\b[^-]*?"
BRIGHTSPACE = re.compile(rf"(?P<id>\d+-\d+) - (?P<name>.+) - (?P<when>{_MOMENT})", re.DOTALL)
BRIGHTSPACE_FILE = re.compile(rf"(?P<id>\d+-\d+) - (?P<name>.+?) - (?P<when>{_MOMENT}) - (?P<file>.+)", re.DOTALL)
SAKAI = re.compile(r"(?P<name>.*)\((?P<id>[^()]+)\)(?P<file>_Submission attachment\(s\)_.+)?", re.DOTALL)
SAKAIS_FOLDER = "submission attachment(s)"
TEAMS, TEAMS_DRAFTS = "submitted files", "working files"

GRADESCOPES_LIST = "submission_metadata.yml"
GRADESCOPE = re.compile(r"submission_\d+")
MOST_LIST = 8 << 20

_MONTHS = {  # by their first letters, in English and French
    **dict.fromkeys(("jan",), 1), **dict.fromkeys(("feb", "fév", "fev"), 2), **dict.fromkeys(("mar",), 3),
    **dict.fromkeys(("apr", "avr"), 4), **dict.fromkeys(("may", "mai"), 5), **dict.fromkeys(("jun", "juin"), 6),
    **dict.fromkeys(("jul", "juil"), 7), **dict.fromkeys(("aug", "aoû", "aou"), 8), **dict.fromkeys(("sep",), 9),
    **dict.fromkeys(("oct",), 10), **dict.fromkeys(("nov",), 11), **dict.fromkeys(("dec", "déc"), 12),
}  # fmt: skip
_CLOCK = re.compile(r"(?<!\d)(?P<hour>\d{1,2}?)\s*[:hH._]?\s*(?P<minute>\d\d)\s*(?P<half>[AaPp])?\.?[Mm]?\.?\s*$")


def platform_of(paths: Sequence[tuple[str, ...]], depth: int, zone: tzinfo) -> Layout | None:
    """Return the layout of the platform that wrote the names at this depth of the paths; None if there is none.

    More than half of the work must be named so: one student's file named like a platform's does not decide.
    """
    below = [path[depth:] for path in paths if len(path) > depth]
    works = [parts for parts in below if is_work(parts[-1])] or below
    for layout in (_moodle, _brightspace(zone), _blackboard(below, zone), _sakai, _teams):
        known = [claim for parts in works if (claim := layout(parts)) is not None]
        if 2 * len(known) > len(works) and any(claim is not PLATFORMS_OWN for claim in known):
            return layout
    ours = [parts for parts in works if len(parts) == 1 and _canvas(parts) is not None]
    students = {_canvas(parts) and parts[0].split("_")[0] for parts in ours}
    if ours and (len(ours) == len(works) or (len(students) > 1 and 2 * len(ours) > len(works))):
        return _canvas
    return None


def _moodle(parts: tuple[str, ...]) -> Claim | None:
    found = MOODLE.fullmatch(parts[0])
    if found is None or found["what"] == "feedback":
        return None
    inside = (*((found["file"],) if found["file"] else ()), *parts[1:])
    who = found["id"] or found["name"]
    return Claim(Owner(found["name"], f"moodle:{who}", found["id"] or ""), inside) if inside else None


def _canvas(parts: tuple[str, ...]) -> Claim | None:
    for pattern in (CANVAS_ANONYMOUS, CANVAS, CANVAS_TEXT):
        found = pattern.fullmatch(parts[0])
        if found is not None:
            owner = Owner(found["name"], f"canvas:{found['id']}", found["id"])
            return Claim(owner, (found["file"], *parts[1:]), late=bool(found["late"]))
    return None


def _blackboard(paths: Sequence[tuple[str, ...]], zone: tzinfo) -> Layout:
    """Return Blackboard's layout: the common prefix of all names is the assignment, the rest the student."""
    stems = {found["who"] for parts in paths if (found := BLACKBOARD.fullmatch(parts[0]))}
    last = {stem.rpartition("_")[2] for stem in stems}
    common = os.path.commonprefix(sorted(stems)).rpartition("_")[0]  # noqa: RUF071  these are no paths

    def layout(parts: tuple[str, ...]) -> Claim | None:
        found = BLACKBOARD.fullmatch(parts[0])
        if found is None:
            return PLATFORMS_OWN if RECEIPT.fullmatch(parts[-1]) else None
        # User names with underscores may end alike.
        same = len(last) < len(stems)
        who = found["who"].removeprefix(common + "_") if same and common else found["who"].rpartition("_")[2]
        when = _dashed(found["when"], zone)
        attempt = _attempt(found["when"], when)
        return Claim(Owner(who, f"blackboard:{who}"), (found["file"], *parts[1:]), when=when, attempt=attempt)

    return layout


def _plausible(when: datetime) -> datetime | None:
    """Return a time if it can be one of handing in, else None."""
    return when if 1980 <= when.year < 2200 else None


def _dashed(text: str, zone: tzinfo) -> datetime | None:
    try:
        return _plausible(datetime.strptime(text, "%Y-%m-%d-%H-%M-%S").replace(tzinfo=zone))
    except ValueError:
        return None


def _brightspace(zone: tzinfo) -> Layout:
    def layout(parts: tuple[str, ...]) -> Claim | None:
        flat = len(parts) == 1  # the student's own file name follows, which may hold a time, too
        found = (BRIGHTSPACE_FILE if flat else BRIGHTSPACE).fullmatch(parts[0])
        if found is None:
            return PLATFORMS_OWN if parts == ("index.html",) else None
        when = spoken_time(found["when"], zone)
        owner = Owner(found["name"], f"brightspace:{found['id'].split('-')[0]}:{found['name']}", found["id"])
        inside = (found["file"],) if flat else parts[1:]
        return Claim(owner, inside, when=when, attempt=_attempt(found["when"], when))

    return layout


def _attempt(label: str, when: datetime | None) -> Attempt:
    return Attempt(label, None if when is None else when.timestamp())


def spoken_time(text: str, zone: tzinfo) -> datetime | None:
    """Parse a time such as ``Oct 3, 2026 1159 AM`` or ``3 octobre 2026 11h59``; None if it is not one."""
    words = re.findall(r"[^\W\d_]+", text.lower())
    months = {month for word in words for start, month in _MONTHS.items() if word.startswith(start)}
    date = re.search(r"(?<!\d)(\d{1,2})(?!\d)\D*?(\d{4})", text)
    clock = _CLOCK.search(text[date.end() :]) if date else None
    if date is None or clock is None or len(months) != 1:
        return None
    hour, half = int(clock["hour"]), (clock["half"] or "").lower()
    if half and not 1 <= hour <= 12:
        return None
    hour = hour % 12 + 12 * (half == "p") if half else hour
    try:
        return _plausible(datetime(int(date[2]), months.pop(), int(date[1]), hour, int(clock["minute"]), tzinfo=zone))
    except ValueError:
        return None


def _sakai(parts: tuple[str, ...]) -> Claim | None:
    found = SAKAI.fullmatch(parts[0])
    if found is None:
        return PLATFORMS_OWN if len(parts) == 1 and parts[0].lower().startswith("grades.") else None
    owner = Owner(found["name"] or found["id"], f"sakai:{found['id']}", found["id"])
    if found["file"]:
        return Claim(owner, (found["file"].split("_", 2)[2], *parts[1:]))
    if len(parts) > 2 and parts[1].lower() == SAKAIS_FOLDER:
        return Claim(owner, parts[2:])
    written = len(parts) > 1 and (parts[1].lower().startswith("feedback") or not is_work(parts[-1]))
    return PLATFORMS_OWN if written else None


def _teams(parts: tuple[str, ...]) -> Claim | None:
    if parts[0].lower() == TEAMS_DRAFTS:
        return PLATFORMS_OWN
    if parts[0].lower() != TEAMS or len(parts) < 3:
        return None
    inside, attempt = versioned(parts[2:] if len(parts) == 3 else parts[3:])
    return Claim(Owner(parts[1], f"teams:{parts[1]}"), inside, attempt=attempt)


class Handed(msgspec.Struct, frozen=True):
    """One submission in Gradescope's list."""

    owners: tuple[Owner, ...]
    when: datetime | None


def gradescope(folder: tuple[str, ...], listed: Mapping[str, Handed]) -> Layout:
    """Return the layout of an export whose list lies in this folder."""

    def layout(parts: tuple[str, ...]) -> Claim | None:
        inside = parts[len(folder) :]
        if parts[: len(folder)] != folder or not inside:
            return None
        if inside == (GRADESCOPES_LIST,):
            return PLATFORMS_OWN
        handed = listed.get(inside[0])
        if handed is None or not handed.owners:
            return None
        attempt = _attempt(inside[0], handed.when)
        return Claim(
            handed.owners[0], inside[1:] or inside, when=handed.when, attempt=attempt, others=handed.owners[1:]
        )

    return layout


def gradescopes_list(data: bytes) -> dict[str, Handed]:
    """Read ``submission_metadata.yml`` without constructing any YAML types.

    Raises:
        ValueError: it is not such a list.
    """
    try:
        read = yaml.load(data, Loader=yaml.BaseLoader)  # strings, lists and dicts only
    except (yaml.YAMLError, RecursionError, UnicodeError, TypeError) as error:
        raise ValueError("not YAML") from error
    if not isinstance(read, dict):
        raise ValueError("no list of submissions")
    return {str(name): _handed(one) for name, one in read.items() if isinstance(one, dict)}


def _handed(one: Mapping[object, object]) -> Handed:
    people = _field(one, "submitters")
    owners = [_submitter(person) for person in people if isinstance(person, dict)] if isinstance(people, list) else []
    return Handed(tuple(owner for owner in owners if owner is not None), _stated(_field(one, "created_at")))


def _field(one: Mapping[object, object], key: str) -> object:
    """Return a field by its key, which Gradescope writes as a Ruby symbol."""
    return one.get(f":{key}", one.get(key))


def _submitter(person: Mapping[object, object]) -> Owner | None:
    name, number, mail = (
        value.strip() if isinstance(value := _field(person, key), str) else "" for key in ("name", "sid", "email")
    )
    known = mail or number or name
    return Owner(name or number or mail, f"gradescope:{known}", number or mail.partition("@")[0]) if known else None


def _stated(text: object) -> datetime | None:
    if not isinstance(text, str):
        return None
    try:
        stated = datetime.fromisoformat(re.sub(r"\s+(?=Z|[+-]\d)", "", text.strip()))
    except ValueError:
        return None
    return _plausible(stated if stated.tzinfo else stated.replace(tzinfo=UTC))
