"""Scratch folders: opaque names under a private base, measured and removed without following a link."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import platform
import re
import secrets
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


class RunFolder:
    """The private folder of one run under the temporary folder, held as long as its process lives.

    A killed run leaves its folder behind, but not its hold: the next run tells by it which ones are abandoned. The name
    has the machine's, for a temporary folder that several machines share.
    """

    def __init__(self) -> None:
        """Make it.

        Raises:
            OSError: there is no room for it.
        """
        # Another run may take it for abandoned before it is held: then there is another one to make.
        while (hold := _held(folder := Path(tempfile.mkdtemp(prefix=_run_prefix())))) is None:
            pass
        self.path, self._hold = folder, hold

    def remove(self) -> None:
        """Remove it and all in it, as far as that can be done; what stays is the next run's to remove."""
        with contextlib.suppress(OSError):
            remove_scratch(self.path)
        os.close(self._hold)


def _held(folder: Path) -> int | None:
    """Hold a folder that has just been made; None if somebody was quicker and removes it."""
    try:
        hold = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(hold, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(hold)
        return None
    except OSError:  # no locks on this file system: then none of its folders is ever taken
        return hold
    if not folder.exists():
        os.close(hold)
        return None
    return hold


def remove_abandoned() -> None:
    """Remove the folders of runs of this user on this machine that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_run_prefix()}*"):
        with contextlib.suppress(OSError):  # in use, or somebody else's, or just removed
            hold = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                if os.fstat(hold).st_uid == os.geteuid():
                    fcntl.flock(hold, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    remove_scratch(folder)
            finally:
                os.close(hold)


def _run_prefix() -> str:
    return f"gradjudge-run-{re.sub('[^A-Za-z0-9]', '-', platform.node())}-"


def new_scratch(base: Path, files: Mapping[str, bytes]) -> Path:
    """Make a folder under `base`, mode 0700, that holds `files`. Its name tells nothing: the zygote gets to see it.

    Raises:
        ValueError: a file's name is not a plain one.
    """
    folder = base / secrets.token_hex(8)
    folder.mkdir(mode=0o700)
    for name, data in files.items():
        if name != os.path.basename(name) or name in ("", ".", ".."):  # noqa: PTH119  # Path would tidy the name first
            raise ValueError(f"{name!r} is not a plain file name")
        (folder / name).write_bytes(data)
    return folder


@dataclass(frozen=True)
class Usage:
    """What a scratch folder holds: bytes allocated or claimed, whichever is more, and number of entries."""

    size: int
    entries: int


def measure(folder: Path, *, most_entries: int) -> Usage:
    """Add up a folder that its owner is changing meanwhile. Stop past `most_entries`, or where paths get too long."""
    size = entries = 0
    waiting = [os.fspath(folder)]
    while waiting and entries <= most_entries:
        try:
            with os.scandir(waiting.pop()) as found:
                for entry in found:
                    entries += 1
                    try:
                        status = entry.stat(follow_symlinks=False)
                    except FileNotFoundError:  # removed while we look; the others are still counted
                        continue
                    size += max(status.st_size, status.st_blocks * 512)
                    if stat.S_ISDIR(status.st_mode):
                        waiting.append(entry.path)
                    if entries > most_entries:
                        break
        except OSError as error:  # removed while we look
            if error.errno in (errno.ENAMETOOLONG, errno.EACCES):
                return Usage(size, most_entries + 1)  # folders this deep, or closed to us, are there to hide something
    return Usage(size, entries)


def remove_scratch(folder: Path) -> None:
    """Remove a folder and all in it, whatever depth, modes and names a submission gave.

    Links are removed, not followed. Inner folders are first moved up to `folder`: neither paths nor open descriptors
    grow with depth.
    """
    try:
        top = _open_folder(folder.name, os.open(folder.parent, os.O_RDONLY | os.O_DIRECTORY))
    except FileNotFoundError:
        return
    try:
        while inner := _first_folder(top):
            _flatten(inner, top)
    finally:
        os.close(top)
    folder.rmdir()


def _first_folder(fd: int) -> str | None:
    """Unlink what is no folder; return the first folder met, or None when nothing is left."""
    with os.scandir(fd) as found:
        for entry in found:
            if entry.is_dir(follow_symlinks=False):
                return entry.name
            os.unlink(entry.name, dir_fd=fd)
    return None


def _flatten(name: str, top: int) -> None:
    """Remove one folder of `top` after moving its own folders to `top`."""
    fd = _open_folder(name, os.dup(top))
    try:
        while inner := _first_folder(fd):
            os.close(_open_folder(inner, os.dup(fd)))  # moving a folder needs the right to write in it
            os.rename(inner, secrets.token_hex(16), src_dir_fd=fd, dst_dir_fd=top)
    finally:
        os.close(fd)
    os.rmdir(name, dir_fd=top)


def _open_folder(name: str, parent: int) -> int:
    """Open a folder for listing even if a submission took its owner's rights away. Closes `parent`."""
    try:
        path_only = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_DIRECTORY, dir_fd=parent)
    finally:
        os.close(parent)
    try:
        os.chmod(f"/proc/self/fd/{path_only}", 0o700)  # noqa: PTH101  # there is no other way by descriptor
        return os.open(".", os.O_RDONLY | os.O_DIRECTORY, dir_fd=path_only)
    finally:
        os.close(path_only)
