"""Owners of files, the folders that students get, and names that are nobody's work.

`gradjudge.collect.platforms` reads the names of learning platforms, `gradjudge.collect.folders` those that people gave,
`by_pattern` anything else by a regular expression with the groups of nbgrader's ``zip_collect``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, tzinfo
from pathlib import PurePosixPath

import msgspec

from gradjudge.collect.archives import is_archive
from gradjudge.errors import CourseError

LONGEST_STUDENT = 100

_JUNK_FOLDERS = {"__MACOSX", ".ipynb_checkpoints", "__pycache__", ".git", ".github", ".idea", ".vscode", ".venv"}
_JUNK_FOLDERS |= {"node_modules"}
_JUNK_FILES = {".ds_store", "thumbs.db", "desktop.ini"}
_NOTEBOOKS = (".ipynb", ".py")


class Owner(msgspec.Struct, frozen=True):
    """The student who owns an entry.

    Attributes:
        name: as the platform spells it.
        identity: unique among the students of the assignment on this platform.
        tag: a short form of the identity, to distinguish namesakes; empty if the name is the identity.
    """

    name: str
    identity: str
    tag: str = ""


class Attempt(msgspec.Struct, frozen=True):
    """One of several attempts of a student, each complete; the last one is taken.

    Attributes:
        label: as the platform spells it.
        order: greater for a later attempt; None if unknown.
    """

    label: str
    order: float | None


class Claim(msgspec.Struct, frozen=True):
    """An entry's owner, and its path in the owner's folder.

    Attributes:
        late: whether the platform marked it as late.
        when: time of handing in, from the name.
        attempt: the attempt that it belongs to, if the platform keeps several.
        others: the other members of a group, who get the same.
        doubt: why staff must look before anything of this owner is taken.
    """

    owner: Owner
    parts: tuple[str, ...]
    late: bool = False
    when: datetime | None = None
    attempt: Attempt | None = None
    others: tuple[Owner, ...] = ()
    doubt: str = ""


#: The claim on a platform's own files (a receipt, a list of grades), which are skipped.
PLATFORMS_OWN = Claim(Owner("", "platform"), ())


#: What Blackboard writes beside each attempt.
RECEIPT = re.compile(r".+_attempt_\d{4}(?:-\d\d){5}\.txt", re.DOTALL)

#: Maps an entry's path to its claim; None if the owner is unknown.
Layout = Callable[[tuple[str, ...]], Claim | None]


def is_junk(parts: Sequence[str]) -> bool:
    """Tell whether a system or editor left this file behind."""
    name = parts[-1].lower()
    return not _JUNK_FOLDERS.isdisjoint(parts) or name in _JUNK_FILES or name.startswith(("._", ".~lock"))


def is_work(name: str) -> bool:
    """Tell whether a file can be graded, or is an archive that may hold one."""
    return name.lower().endswith(_NOTEBOOKS) or is_archive(name)


_VERSION = re.compile(r"versi[oó]n[ _-]*(\d{1,6})", re.IGNORECASE)


def versioned(parts: tuple[str, ...]) -> tuple[tuple[str, ...], Attempt | None]:
    """Remove the folders down to one such as ``Version 2``, and return the attempt that it names."""
    for place, part in enumerate(parts[:-1]):
        found = _VERSION.fullmatch(part)
        if found is not None:
            return parts[place + 1 :], Attempt(part, float(found[1]))
    return parts, None


def without_wrapper(paths: Sequence[tuple[str, ...]]) -> int:
    """Return how many leading folders all paths share."""
    shared = 0
    while paths and all(len(path) > shared + 1 and path[shared] == paths[0][shared] for path in paths):
        shared += 1
    return shared


def folder_name(name: str) -> str:
    """Return the folder for a student: letters and digits of any script, ``_ . - @ +``."""
    text = unicodedata.normalize("NFC", name)
    kept = (letter if _plain(letter) else "_" for letter in text)
    text = re.sub("_+", "_", "".join(kept)).strip("_.-+@ ")
    while len(text.encode()) > LONGEST_STUDENT:
        text = text[:-1]
    return text.rstrip("_.-+@ ") or "student"


def _plain(letter: str) -> bool:
    return letter.isalnum() or letter in "_.-@+" or unicodedata.category(letter)[0] == "M"


def alike(name: str) -> str:
    """Return a key that ignores case and Unicode normalisation."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def one_student(name: str) -> Layout:
    """Return the layout in which everything is one student's."""
    return lambda parts: Claim(named(name), parts)


def by_pattern(pattern: str, zone: tzinfo = UTC) -> Layout:
    """Return the layout of a regular expression in the manner of nbgrader's ``zip_collect``.

    It is matched at the start of an entry's path. Groups: ``student_id``; ``file_id``, which gets the entry's suffix;
    optionally ``timestamp``, year first, in `zone` unless it has an offset.

    Raises:
        CourseError: it is not a regular expression, or lacks a group.
    """
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise CourseError(f"--pattern {pattern}: not a regular expression: {error}.") from error
    missing = {"student_id", "file_id"} - set(compiled.groupindex)
    if missing:
        raise CourseError(
            f"--pattern {pattern}: no group {sorted(missing)[0]}. Expected "
            "(?P<student_id>...) and (?P<file_id>...), and (?P<timestamp>...) if there is one."
        )

    def layout(parts: tuple[str, ...]) -> Claim | None:
        if RECEIPT.fullmatch(parts[-1]):
            return PLATFORMS_OWN
        found = compiled.match("/".join(parts))
        if found is None or not found["student_id"] or not found["file_id"]:
            return None
        file = PurePosixPath(found["file_id"])
        file = file.with_name(file.stem + PurePosixPath(parts[-1]).suffix) if file.name not in ("", "..") else file
        inside = tuple(part for part in file.parts if part != "/")
        if not inside or ".." in inside:
            return None
        stated = found.groupdict().get("timestamp")
        owner = Owner(found["student_id"], f"id:{found['student_id']}")
        return Claim(owner, inside, when=moment(stated, zone) if stated else None)

    return layout


_MOMENT = re.compile(r"(\d{4})\D?(\d\d)\D?(\d\d)(?:\D?(\d\d)\D?(\d\d)(?:\D?(\d\d))?)?")


def moment(text: str, zone: tzinfo) -> datetime:
    """Parse the time in a name.

    Raises:
        CourseError: it is not a time.
    """
    found = _MOMENT.fullmatch(text.strip())
    try:
        if found is not None:
            return datetime(*(int(part or 0) for part in found.groups()), tzinfo=zone)  # type: ignore[arg-type, misc]
        stated = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise CourseError(f"--pattern: {text!r} is no time. Expected such as 2026-01-30-15-00-00.") from error
    return stated if stated.tzinfo else stated.replace(tzinfo=zone)


def named(name: str, shown: str = "") -> Owner:
    """Return an owner who is known only by the name of a folder or archive."""
    readable = name.encode("utf-8", "backslashreplace").decode()  # file names may be any bytes
    return Owner(shown or readable, f"name:{readable}")


def stem_of(name: str) -> str:
    """Return the name of an archive or folder without the archive's suffix."""
    return re.sub(r"(\.tar)?\.(zip|tar|gz|tgz|xz|txz)$", "", name, flags=re.I) if is_archive(name) else name
