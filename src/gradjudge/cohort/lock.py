"""Locks: one command at a time writes into a folder of reports."""

from __future__ import annotations

import errno
import fcntl
import os
import platform
import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from gradjudge.errors import CourseError
from gradjudge.files import TEMPORARY

#: The file in a folder of reports that is locked while a command grades into it. The kernel releases the lock when the
#: process ends; the file stays.
LOCK = ".lock"
LONGEST_OWNER = 200
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)


@contextmanager
def locked(folders: Iterable[Path]) -> Iterator[None]:
    """Lock folders of reports, and remove temporary files that a killed command left there.

    On a file system without locks, nothing is locked.

    Raises:
        CourseError: another command has locked one, or it cannot be written.
    """
    with ExitStack() as held:
        for folder in folders:
            held.enter_context(_locked(folder))
            _clear(folder)
        yield


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise unwritable(folder / LOCK, error) from error
    try:
        _lock(lock, folder)
        try:
            os.ftruncate(lock, 0)
            os.pwrite(lock, f"process {os.getpid()} on {platform.node()}, since {_now()}".encode(), 0)
        except OSError as error:
            raise unwritable(folder / LOCK, error) from error
        yield
    finally:
        os.close(lock)


def _lock(lock: int, folder: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        owner = os.pread(lock, LONGEST_OWNER, 0).decode(errors="replace") or "it has only begun"
        raise CourseError(
            f"{folder}: another command is grading into this folder ({owner}). Wait until it has ended, or stop it; "
            "what it has graded by then is not graded again."
        ) from error
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise unwritable(folder / LOCK, error) from error


def _clear(folder: Path) -> None:
    for entry in folder.iterdir():
        if re.fullmatch(TEMPORARY, entry.name):
            entry.unlink(missing_ok=True)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def unwritable(path: Path, error: OSError) -> CourseError:
    """Return the error for a file that cannot be written."""
    return CourseError(f"{path} cannot be written: {error.strerror}. Make room for it, or name a folder with --grades.")
