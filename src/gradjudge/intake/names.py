"""Tell from the names in an archive whose each file is, for the learning platforms that people use.

* Moodle, "download all submissions": ``Ada Lovelace_123456_assignsubmission_file_/lab.ipynb``, or without folders
  ``Ada Lovelace_123456_assignsubmission_file_lab.ipynb``. The number is the participant's, of this assignment only.
* Canvas, "download submissions": ``lovelaceada_LATE_12345_678901_lab.ipynb``. The first number is the student's, the
  second one the file's; ``LATE`` stands there if it was. Anonymous: ``anon_Ab3dE_678901_lab.ipynb``.
* One folder per student, or one archive per student; nbgrader's ``STUDENT/ASSIGNMENT/`` too.
* Anything else with a regular expression, whose groups are those of nbgrader's ``zip_collect``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, tzinfo
from pathlib import PurePosixPath

import msgspec

from gradjudge.errors import CourseError
from gradjudge.intake.archives import is_archive

LONGEST_STUDENT = 100

MOODLE = re.compile(r"(?P<name>.+?)_(?P<id>\d+)_assign(?P<what>submission|feedback)_[a-z]+_(?P<file>.*)", re.DOTALL)
CANVAS = re.compile(r"(?P<name>.+?)(?P<late>_LATE)?_(?P<id>\d+)_\d+_(?P<file>.+)", re.DOTALL)
CANVAS_TEXT = re.compile(r"(?P<name>.+?)(?P<late>_LATE)?_(?P<id>\d+)_(?P<file>(?:text|link)\.html)")
CANVAS_ANONYMOUS = re.compile(r"(?P<late>LATE_)?(?P<name>anon)_(?P<id>[A-Za-z0-9]+)_(?:\d+_)?(?P<file>.+)", re.DOTALL)

_JUNK_FOLDERS = {"__MACOSX", ".ipynb_checkpoints", "__pycache__", ".git", ".idea", ".vscode", ".venv", "node_modules"}
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


class Claim(msgspec.Struct, frozen=True):
    """Whose an entry is, and its path in that student's folder.

    Attributes:
        late: whether the platform marked it as late.
        when: the time of handing in that the name states.
    """

    owner: Owner
    parts: tuple[str, ...]
    late: bool = False
    when: datetime | None = None


#: Tells whose the entry with this path is; None if nobody can tell.
Layout = Callable[[tuple[str, ...]], Claim | None]


def is_junk(parts: Sequence[str]) -> bool:
    """Tell whether a file is one that systems and editors leave behind."""
    name = parts[-1].lower()
    return not _JUNK_FOLDERS.isdisjoint(parts) or name in _JUNK_FILES or name.startswith(("._", ".~lock"))


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


def layout_of(paths: Sequence[tuple[str, ...]], *, assignment: str, stem: str) -> Layout:
    """Return the layout of an archive or folder that holds files at these paths.

    Args:
        stem: name of the archive or folder, which is the student's if it is one student's own.

    Raises:
        CourseError: nobody can tell the students apart.
    """
    wrapper = without_wrapper(paths)
    for skipped in (0, wrapper):
        roots = [path[skipped:] for path in paths]
        if any(MOODLE.fullmatch(root[0]) for root in roots):
            return _below(skipped, _moodle)
        if all(len(root) == 1 and _canvas(root) is not None for root in roots):
            return _below(skipped, _canvas)
    loose = [path[0] for path in paths if len(path) == 1 and path[0].lower().endswith(_NOTEBOOKS)]
    if len([name for name in loose if name.lower().endswith(".ipynb")]) > 1:
        raise CourseError(
            f"{stem}: {', '.join(sorted(loose)[:3])}: whose are they? If all are one student's, say --student NAME; "
            "if their names say whose they are, say how with --pattern."
        )
    if loose:
        return one_student(stem)
    base, common = 0, paths[0][:wrapper]
    if wrapper and _students_at(paths, wrapper):
        base = wrapper
    elif assignment in common:
        base = common.index(assignment) - 1
    return one_student(stem) if base < 0 else _below(base, lambda parts: _by_folder(parts, assignment))


def _below(folders: int, layout: Layout) -> Layout:
    """Return the layout of what lies below so many folders; what lies above them is nobody's."""
    return lambda parts: layout(parts[folders:]) if len(parts) > folders else None


def _students_at(paths: Sequence[tuple[str, ...]], depth: int) -> bool:
    """Tell whether the folders at this depth look like students' own: each holds something to grade."""
    if any(len(path) < depth + 2 for path in paths):
        return False
    having = {path[depth] for path in paths if path[-1].lower().endswith(_NOTEBOOKS) or is_archive(path[-1])}
    return having == {path[depth] for path in paths}


def one_student(name: str) -> Layout:
    """Return the layout of one student's own files."""
    return lambda parts: Claim(_named(name), parts)


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


def _moodle(parts: tuple[str, ...]) -> Claim | None:
    found = MOODLE.fullmatch(parts[0])
    if found is None or found["what"] == "feedback":
        return None
    inside = (*((found["file"],) if found["file"] else ()), *parts[1:])
    return Claim(Owner(found["name"], f"moodle:{found['id']}", found["id"]), inside) if inside else None


def _canvas(parts: tuple[str, ...]) -> Claim | None:
    for pattern in (CANVAS_ANONYMOUS, CANVAS, CANVAS_TEXT):
        found = pattern.fullmatch(parts[0])
        if found is not None:
            owner = Owner(found["name"], f"canvas:{found['id']}", found["id"])
            return Claim(owner, (found["file"], *parts[1:]), late=bool(found["late"]))
    return None


def _by_folder(parts: tuple[str, ...], assignment: str) -> Claim | None:
    if len(parts) == 1:
        name = _stem(parts[0])
        return Claim(_named(name), parts) if is_archive(parts[0]) else None
    inside = parts[2:] if len(parts) > 2 and parts[1] == assignment else parts[1:]
    return Claim(_named(parts[0]), inside)


def _named(name: str) -> Owner:
    readable = name.encode("utf-8", "backslashreplace").decode()  # an archive on disk may be named in any bytes
    return Owner(readable, f"name:{readable}")


def _stem(name: str) -> str:
    """Return the name of an archive without its endings."""
    return re.sub(r"(\.tar)?\.(zip|tar|gz|tgz|xz|txz)$", "", name, flags=re.IGNORECASE)


def stem_of(name: str) -> str:
    """Return the student's name that an archive or folder is named after."""
    return _stem(name) if is_archive(name) else name
