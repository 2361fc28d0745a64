"""The entries of an archive or a folder, and limits on them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec

from gradjudge.collect.refusals import RefusedEntry


class IntakeLimits(msgspec.Struct, frozen=True):
    """Upper bounds on what is collected.

    Attributes:
        entries: entries of one archive.
        archive_bytes: unpacked size of a compressed tar.
        file_bytes: one file.
        student_files, student_bytes, student_archives: one student's submission.
        total_bytes: everything that one command takes.
        ratio: unpacked to packed bytes of a zip entry, checked from `ratio_from` bytes on.
        part_bytes, name_bytes: one part of a path, and the whole path.
        depth: nested folders.
    """

    entries: int = 20_000
    archive_bytes: int = 8 << 30
    file_bytes: int = 128 << 20
    student_files: int = 500
    student_bytes: int = 256 << 20
    student_archives: int = 5
    total_bytes: int = 32 << 30
    ratio: int = 200
    ratio_from: int = 1 << 20
    part_bytes: int = 255
    name_bytes: int = 4096
    depth: int = 32


LIMITS = IntakeLimits()


class Entry(msgspec.Struct, frozen=True):
    """A file in an archive or folder.

    Attributes:
        name: as the archive spells it, with ``/``.
        size: as the archive states it.
        read: takes the most bytes allowed and returns the content; raises `RefusedEntry`.
        when: modification time; naive in a zip, which stores no time zone.
        problem: why it is refused, known without reading it.
    """

    name: str
    size: int
    read: Callable[[int], bytes]
    when: datetime | None = None
    problem: RefusedEntry | None = None


def refused(reason: str, detail: str) -> Callable[[int], bytes]:
    """Return a reader that refuses."""

    def read(_most: int) -> bytes:
        raise RefusedEntry(reason, detail)

    return read


def safe_parts(name: str, limits: IntakeLimits = LIMITS) -> tuple[str, ...]:
    """Split an entry's name into folders and file.

    Raises:
        RefusedEntry: the path is not relative, has ``..`` or control characters, or is too long.
    """
    try:
        encoded = name.encode()
    except UnicodeEncodeError as error:
        raise RefusedEntry("encoding", "a name that is not UTF-8") from error
    if len(encoded) > limits.name_bytes:
        raise RefusedEntry("long", f"a name of {len(encoded)} bytes")
    if any(ord(letter) < 32 or 127 <= ord(letter) < 160 for letter in name):
        raise RefusedEntry("path", "control characters in the name")
    if name.startswith("/") or "\\" in name or name[1:2] == ":":
        raise RefusedEntry("path", "an absolute path, a drive letter or a backslash")
    parts = tuple(part for part in name.split("/") if part not in ("", "."))
    if ".." in parts:
        raise RefusedEntry("path", "a path with '..'")
    if not parts:
        raise RefusedEntry("path", "an empty name")
    if len(parts) > limits.depth:
        raise RefusedEntry("long", f"{len(parts)} folders inside each other")
    longest = max(len(part.encode()) for part in parts)
    if longest > limits.part_bytes:
        raise RefusedEntry("long", f"a name of {longest} bytes")
    return parts
