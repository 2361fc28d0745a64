"""Read the entries of a zip, a tar or a folder one by one, trusting nothing that they state.

Python's modules are not used: zipfile cuts names at a null byte, truncates data longer than stated, and reads a
directory of any size; tarfile (before 3.11.14) loops for ever on a negative size.
"""

from __future__ import annotations

import io
import os
import stat
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import msgspec

from gradjudge.collect.entries import LIMITS, Entry, IntakeLimits, refused
from gradjudge.collect.refusals import RefusedEntry, UnreadableArchive
from gradjudge.collect.tars import tar_entries, unpacked
from gradjudge.collect.zips import zip_entries
from gradjudge.course.hand_in.raw_files import RefusedFile, read_regular

ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz")
UNOPENED = (".rar", ".7z", ".tar.bz2", ".tbz2", ".tar.zst")


def is_archive(name: str) -> bool:
    """Tell whether a name has the suffix of an archive that can be opened."""
    return name.lower().endswith(ARCHIVES)


def open_source(path: Path, stack: ExitStack, limits: IntakeLimits = LIMITS) -> list[Entry]:
    """Return the entries of a folder or an archive on disk; open files are closed with `stack`.

    Raises:
        UnreadableArchive: it cannot be read as a whole.
    """
    try:
        if path.is_dir():
            return folder_entries(path, limits)
        stream = stack.enter_context(path.open("rb"))
    except OSError as error:
        raise UnreadableArchive(f"it cannot be read: {error.strerror}") from error
    return entries_of(stream, stack, limits)


def entries_of(stream: BinaryIO, stack: ExitStack, limits: IntakeLimits = LIMITS) -> list[Entry]:
    """Return the entries of an archive, whose format is told by its first bytes.

    Raises:
        UnreadableArchive: it has no known format, or is damaged.
    """
    head = stream.read(262)
    stream.seek(0)
    if head.startswith(b"PK"):
        return zip_entries(stream, limits)
    if head.startswith((b"\x1f\x8b", b"\xfd7zXZ\x00")):
        return tar_entries(stack.enter_context(unpacked(stream, limits)), limits)
    if head[257:262] == b"ustar":
        return tar_entries(stream, limits)
    raise UnreadableArchive("neither a zip nor a tar (.tar, .tar.gz, .tar.xz)")


def nested_entries(data: bytes, stack: ExitStack, limits: IntakeLimits = LIMITS) -> list[Entry]:
    """Return the entries of an archive that a student handed in.

    Raises:
        RefusedEntry: it cannot be read as a whole.
    """
    own = msgspec.structs.replace(limits, entries=10 * limits.student_files, archive_bytes=2 * limits.student_bytes)
    try:
        return entries_of(io.BytesIO(data), stack, own)
    except UnreadableArchive as problem:
        raise RefusedEntry("damaged", str(problem)) from problem


def folder_entries(folder: Path, limits: IntakeLimits = LIMITS) -> list[Entry]:
    """Return the files under a folder, sorted by name; links are not followed.

    Raises:
        UnreadableArchive: it cannot be listed, or has too many files.
    """
    found: list[Entry] = []
    todo = [("", folder)]
    while todo:
        prefix, place = todo.pop()
        try:
            with os.scandir(place) as listed:
                inside = sorted(listed, key=lambda one: one.name)
        except OSError as error:
            raise UnreadableArchive(f"{place} cannot be listed: {error.strerror}") from error
        for one in inside:
            name = prefix + one.name
            if one.is_dir(follow_symlinks=False) and name.count("/") < limits.depth:
                todo.append((name + "/", place / one.name))
            else:
                found.append(_of_folder(name, place / one.name))
        if len(found) + len(todo) > limits.entries:
            raise UnreadableArchive(f"more than {limits.entries} files")
    return sorted(found, key=lambda one: one.name)


def _of_folder(name: str, path: Path) -> Entry:
    status = path.lstat()
    if stat.S_ISLNK(status.st_mode):
        problem = RefusedEntry("link", "a symbolic link")
    elif stat.S_ISDIR(status.st_mode):
        problem = RefusedEntry("long", "folders too deep inside each other")
    elif not stat.S_ISREG(status.st_mode):
        problem = RefusedEntry("kind", "a device, FIFO or socket")
    elif status.st_nlink > 1:
        problem = RefusedEntry("link", f"{status.st_nlink} hard links to it")
    else:
        when = datetime.fromtimestamp(status.st_mtime, UTC)
        return Entry(name, status.st_size, lambda most: _read_file(path, most), when)
    return Entry(name, 0, refused(problem.reason, problem.detail), problem=problem)


def _read_file(path: Path, most: int) -> bytes:
    size = path.lstat().st_size
    if size > most:
        raise RefusedEntry("size", f"{size} bytes, at most {most} are taken")
    try:
        return read_regular(path, most)
    except RefusedFile as refusal:
        raise RefusedEntry("damaged", refusal.detail) from refusal
