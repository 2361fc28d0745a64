"""The record of what was collected, per assignment: ``submitted/.collected/ASSIGNMENT.json``.

For each folder it keeps the student's identity, so that namesakes stay apart, and a digest, so that later changes by
hand are noticed.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from gradjudge.collect.archives import folder_entries
from gradjudge.collect.entries import LIMITS
from gradjudge.collect.refusals import RefusedEntry, UnreadableArchive
from gradjudge.errors import CourseError
from gradjudge.files import write_atomically


class LedgerEntry(msgspec.Struct, frozen=True):
    """What was written into one student's folder.

    Attributes:
        identity: see `gradjudge.collect.owners.Owner`.
        digest: SHA-256 over names and bytes.
        when: the newest time of the entries, for comparison; empty without one.
    """

    identity: str
    digest: str
    when: str = ""


def read_record(path: Path) -> dict[str, LedgerEntry]:
    """Return the entries by folder; none without a record.

    Raises:
        CourseError: the record exists but cannot be read.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, LedgerEntry])
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.DecodeError) as error:
        raise CourseError(
            f"{path}: it cannot be read ({error}). Restore it, or delete it: what is already in the folders is then "
            "replaced only with --replace."
        ) from error


def write_record(path: Path, record: Mapping[str, LedgerEntry]) -> None:
    """Write the record, atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, msgspec.json.format(msgspec.json.encode(record, order="deterministic")) + b"\n")


def folder_files(folder: Path) -> dict[str, bytes] | None:
    """Return the files of a student's folder; None if it holds anything that is never collected, such as a link."""
    try:
        return {entry.name: entry.read(LIMITS.file_bytes) for entry in folder_entries(folder)}
    except (RefusedEntry, UnreadableArchive):
        return None
