"""Gather the files of one student from their entries, with the reason for each one refused."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime

import msgspec

from gradjudge.collect.archives import UNOPENED, is_archive, nested_entries
from gradjudge.collect.entries import Entry, IntakeLimits, safe_parts
from gradjudge.collect.owners import Claim, is_junk, is_work, without_wrapper
from gradjudge.collect.refusals import Refused, RefusedEntry

RESERVED = "timestamp.txt"
TYPED = ("onlinetext.html",)  # text typed into Moodle, in a folder beside that of the files


class PlacedEntry(msgspec.Struct, frozen=True):
    """An entry, its archive and its owner.

    Attributes:
        when: a reliable timestamp, if there is one.
    """

    archive: str
    entry: Entry
    claim: Claim
    when: float | None = None


class Gathered(msgspec.Struct):
    """One student's files by path, and what was not taken.

    Attributes:
        newest: the latest time of the entries; times inside a student's own archive do not count.
        junk: number of files left behind by systems and editors, which are skipped.
        older: entries superseded by a newer one.
        rivals: pairs of entries for the same file, of unknown order.
    """

    files: dict[str, bytes] = {}
    refused: list[Refused] = []
    newest: datetime | None = None
    junk: int = 0
    older: list[str] = []
    rivals: list[tuple[str, str]] = []
    origins: dict[str, tuple[str, PlacedEntry]] = {}
    spent: int = 0  # bytes read, whether taken or not: damaged entries cost time, too


def gather(pieces: Sequence[PlacedEntry], limits: IntakeLimits) -> Gathered:
    """Read the entries of one student, in order; a refused entry does not affect the others."""
    found = Gathered()
    for piece in pieces:
        when = piece.entry.when
        if when is not None and (found.newest is None or _comparable(when) > _comparable(found.newest)):
            found.newest = when
        if piece.entry.problem is not None:
            problem = piece.entry.problem
            found.refused.append(Refused(piece.archive, piece.entry.name, problem.reason, problem.detail))
    pieces = [piece for piece in pieces if piece.entry.problem is None]
    loose = [(piece, piece.claim.parts) for piece in pieces if not is_archive(piece.claim.parts[-1])]
    handed_in = [parts for _, parts in loose if not is_junk(parts) and parts != TYPED]
    skipped = without_wrapper(handed_in)
    for piece, parts in loose:
        whole = is_junk(parts) or parts == TYPED
        _take(found, piece, piece.archive, piece.entry, parts if whole else parts[skipped:], limits)
    for number, piece in enumerate(piece for piece in pieces if is_archive(piece.claim.parts[-1])):
        if number < limits.student_archives:
            _unpack(found, piece, limits)
        else:
            detail = f"more than {limits.student_archives} archives"
            found.refused.append(Refused(piece.archive, piece.entry.name, "count", detail))
    return found


def _comparable(when: datetime) -> float:
    """Return a time as a timestamp; naive times count as UTC."""
    return when.timestamp() if when.tzinfo else when.replace(tzinfo=UTC).timestamp()


def _unpack(found: Gathered, piece: PlacedEntry, limits: IntakeLimits) -> None:
    """Take the files of an archive that a student handed in."""
    where = f"{piece.archive}: {piece.entry.name}"
    try:
        with ExitStack() as stack:
            found.spent += piece.entry.size
            data = piece.entry.read(min(limits.file_bytes, limits.student_bytes))
            entries = [_with_parts(found, where, entry, limits) for entry in nested_entries(data, stack, limits)]
            inside = [one for one in entries if one is not None]
            skipped = without_wrapper([parts for _, parts in inside if not is_junk(parts)])
            for entry, parts in inside:
                if not is_junk(parts) and is_archive(parts[-1]):
                    found.refused.append(Refused(where, entry.name, "nested", "an archive inside an archive"))
                else:
                    _take(found, piece, where, entry, parts[skipped:] if not is_junk(parts) else parts, limits)
    except RefusedEntry as refusal:
        found.refused.append(Refused(piece.archive, piece.entry.name, refusal.reason, refusal.detail))


def _with_parts(
    found: Gathered, where: str, entry: Entry, limits: IntakeLimits
) -> tuple[Entry, tuple[str, ...]] | None:
    try:
        return entry, safe_parts(entry.name, limits)
    except RefusedEntry as refusal:
        found.refused.append(Refused(where, entry.name, refusal.reason, refusal.detail))
        return None


def _take(
    found: Gathered, piece: PlacedEntry, where: str, entry: Entry, parts: tuple[str, ...], limits: IntakeLimits
) -> None:
    """Take one file, or note why not."""
    if is_junk(parts):
        found.junk += 1
        return
    try:
        # Every path is checked again here: a harmless name without its wrapper may be '..'.
        path = "/".join(safe_parts("/".join(parts), limits))
        if path in found.origins and found.origins[path][1] is not piece and _settled(found, piece, where, entry, path):
            return
        _fits(found.files, path, limits)
        if entry.problem is None:
            left = limits.student_bytes - sum(map(len, found.files.values()))
            if limits.file_bytes >= entry.size > left or found.spent + entry.size > 2 * limits.student_bytes:
                raise RefusedEntry("total", f"more than {limits.student_bytes} bytes in all")
            found.spent += entry.size
        found.files[path] = entry.read(limits.file_bytes)
        found.origins[path] = f"{where}: {entry.name}", piece
    except RefusedEntry as refusal:
        found.refused.append(Refused(where, entry.name, refusal.reason, refusal.detail))


def _settled(found: Gathered, piece: PlacedEntry, where: str, entry: Entry, path: str) -> bool:
    """Tell whether a second file of this path is the same or older, or left to staff to choose."""
    name, first = found.origins[path]
    found.spent += entry.size
    if entry.problem is None and entry.size == len(found.files[path]) and entry.read(entry.size) == found.files[path]:
        return True
    if first.when is not None and piece.when is not None and first.when > piece.when:
        found.older.append(entry.name)
    elif is_work(path):
        found.rivals.append((name, f"{where}: {entry.name}"))
    else:
        return False
    return True


def _fits(files: dict[str, bytes], path: str, limits: IntakeLimits) -> None:
    """Refuse a path that is taken, is a folder or a file of another path, or is reserved."""
    if len(path.encode()) > limits.name_bytes:
        raise RefusedEntry("long", f"a path of {len(path.encode())} bytes")
    if path == RESERVED:
        raise RefusedEntry("reserved", "a timestamp.txt")
    if path.lower().endswith(UNOPENED):
        raise RefusedEntry("format", "an archive that is not opened")
    above = path.split("/")
    folders = {"/".join(above[:depth]) for depth in range(1, len(above))}
    if path in files or not folders.isdisjoint(files) or any(name.startswith(path + "/") for name in files):
        raise RefusedEntry("duplicate", "a second entry of this name")
    if len(files) == limits.student_files:
        raise RefusedEntry("count", f"more than {limits.student_files} files")
