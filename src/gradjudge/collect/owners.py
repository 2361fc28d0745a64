"""Whose a file is: owners and claims, the folders that students get, and what names that are nobody's look like.

`gradjudge.collect.platforms` reads the names of learning platforms, `gradjudge.collect.folders` those of folders and
archives that people have made, `by_pattern` anything else by a regular expression, whose groups are those of
nbgrader's ``zip_collect``.
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
    """Whose an entry is.

    Attributes:
        name: the student's name, as the platform spells it.
        identity: what tells this student from all others of the assignment, on this platform.
        tag: a short form of it, to tell apart those of one name; empty where the name is the identity.
    """

    name: str
    identity: str
    tag: str = ""


class Attempt(msgspec.Struct, frozen=True):
    """One of several attempts of a student, of which the last is taken: each is complete by itself.

    Attributes:
        label: as the platform spells it.
        order: greater for a later one; None where the label does not tell.
    """

    label: str
    order: float | None


class Claim(msgspec.Struct, frozen=True):
    """Whose an entry is, and its path in that student's folder.

    Attributes:
        late: whether the platform marked it as late.
        when: the time of handing in that the name states.
        attempt: the attempt that it belongs to, where the platform hands out several.
        others: the others of a group, who get the same.
        doubt: why nothing of this owner is to be taken before staff have looked.
    """

    owner: Owner
    parts: tuple[str, ...]
    late: bool = False
    when: datetime | None = None
    attempt: Attempt | None = None
    others: tuple[Owner, ...] = ()
    doubt: str = ""


#: The claim to what a platform writes for itself (a receipt, a list of grades): passed over.
PLATFORMS_OWN = Claim(Owner("", "platform"), ())


#: What Blackboard writes beside each attempt.
RECEIPT = re.compile(r".+_attempt_\d{4}(?:-\d\d){5}\.txt", re.DOTALL)

#: Tells whose the entry with this path is; None if nobody can tell.
Layout = Callable[[tuple[str, ...]], Claim | None]


def is_junk(parts: Sequence[str]) -> bool:
    """Tell whether a file is one that systems and editors leave behind."""
    name = parts[-1].lower()
    return not _JUNK_FOLDERS.isdisjoint(parts) or name in _JUNK_FILES or name.startswith(("._", ".~lock"))


def is_work(name: str) -> bool:
    """Tell whether a file can be graded, or can hold what is."""
    return name.lower().endswith(_NOTEBOOKS) or is_archive(name)


_VERSION = re.compile(r"versi[oó]n[ _-]*(\d{1,6})", re.IGNORECASE)


def versioned(parts: tuple[str, ...]) -> tuple[tuple[str, ...], Attempt | None]:
    """Take off the folders down to one such as ``Version 2``, and return which attempt that is."""
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
    """Return the name of a student's folder: one part, letters and digits of any script, ``_ . - @ +``."""
    text = unicodedata.normalize("NFC", name)
    kept = (letter if _plain(letter) else "_" for letter in text)
    text = re.sub("_+", "_", "".join(kept)).strip("_.-+@ ")
    while len(text.encode()) > LONGEST_STUDENT:
        text = text[:-1]
    return text.rstrip("_.-+@ ") or "student"


def _plain(letter: str) -> bool:
    return letter.isalnum() or letter in "_.-@+" or unicodedata.category(letter)[0] == "M"


def alike(name: str) -> str:
    """Return what names have in common that differ in case or Unicode normalisation only."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def one_student(name: str) -> Layout:
    """Return the layout of one student's own files."""
    return lambda parts: Claim(named(name), parts)


def by_pattern(pattern: str, zone: tzinfo = UTC) -> Layout:
    """Return the layout that a regular expression describes, as nbgrader's ``zip_collect`` understands it.

    It is matched at the start of an entry's path. Groups: ``student_id`` and ``file_id``, of which the ending is the
    entry's; ``timestamp`` if there is one, year first, in `zone` unless it has an offset.

    Raises:
        CourseError: it is no regular expression, or lacks a group.
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
    """Return the time that a name states.

    Raises:
        CourseError: it is no time.
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
    """Return the student who is known by the name of a folder or archive alone."""
    readable = name.encode("utf-8", "backslashreplace").decode()  # an archive on disk may be named in any bytes
    return Owner(shown or readable, f"name:{readable}")


def stem_of(name: str) -> str:
    """Return the student's name that an archive or folder is named after."""
    return re.sub(r"(\.tar)?\.(zip|tar|gz|tgz|xz|txz)$", "", name, flags=re.I) if is_archive(name) else name
