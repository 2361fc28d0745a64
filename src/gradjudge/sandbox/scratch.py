"""Scratch folders: opaque names under a private base, measured and removed without following links."""

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
    """The private folder of one run under the temporary folder, locked while its process lives.

    A killed run leaves its folder behind, but not the lock: by that the next run recognises abandoned ones. The name
    includes the machine's, as several machines may share a temporary folder.
    """

    def __init__(self) -> None:
        """Make it.

        Raises:
            OSError: there is no space for it.
        """
        # Another run may take it for abandoned before it is locked: then make another.
        while (lock := _locked(folder := Path(tempfile.mkdtemp(prefix=_run_prefix())))) is None:
            pass
        self.path, self._lock = folder, lock

    def remove(self) -> None:
        """Remove it with its contents, as far as possible; the next run removes the rest."""
        with contextlib.suppress(OSError):
            remove_scratch(self.path)
        os.close(self._lock)


def _locked(folder: Path) -> int | None:
    """Lock a new folder and return the descriptor; None if another run was quicker and removes it."""
    try:
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    except OSError:  # this file system has no locks: then no folder on it is ever taken for abandoned
        return lock
    if not folder.exists():
        os.close(lock)
        return None
    return lock


def remove_abandoned() -> None:
    """Remove the folders of this user's killed runs on this machine."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_run_prefix()}*"):
        with contextlib.suppress(OSError):  # in use, or somebody else's, or just removed
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                if os.fstat(lock).st_uid == os.geteuid():
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    remove_scratch(folder)
            finally:
                os.close(lock)


def _run_prefix() -> str:
    return f"gradjudge-run-{re.sub('[^A-Za-z0-9]', '-', platform.node())}-"


def new_scratch(base: Path, files: Mapping[str, bytes]) -> Path:
    """Make a folder under `base`, mode 0700, with `files`. Its name is random, as the zygote sees it.

    Raises:
        ValueError: a file name is not a plain one.
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
    """The contents of a scratch folder: bytes allocated or apparent, whichever is more, and number of entries."""

    size: int
    entries: int


def measure(folder: Path, *, most_entries: int) -> Usage:
    """Measure a folder while its owner may be changing it. Stop past `most_entries`, or where paths get too long."""
    size = entries = 0
    waiting = [os.fspath(folder)]
    while waiting and entries <= most_entries:
        try:
            with os.scandir(waiting.pop()) as found:
                for entry in found:
                    entries += 1
                    try:
                        status = entry.stat(follow_symlinks=False)
                    except FileNotFoundError:  # removed meanwhile
                        continue
                    size += max(status.st_size, status.st_blocks * 512)
                    if stat.S_ISDIR(status.st_mode):
                        waiting.append(entry.path)
                    if entries > most_entries:
                        break
        except OSError as error:  # most likely removed meanwhile
            if error.errno in (errno.ENAMETOOLONG, errno.EACCES):
                return Usage(size, most_entries + 1)  # folders so deep, or closed to us, are meant to hide something
    return Usage(size, entries)


def remove_scratch(folder: Path) -> None:
    """Remove a folder with its contents, whatever their depth, modes and names.

    Links are removed, not followed. Inner folders are first moved up to `folder`, so that neither paths nor open
    descriptors grow with depth.
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
    """Unlink everything up to the first folder and return its name; None when nothing is left."""
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
            os.close(_open_folder(inner, os.dup(fd)))  # makes it writable, which moving it needs
            os.rename(inner, secrets.token_hex(16), src_dir_fd=fd, dst_dir_fd=top)
    finally:
        os.close(fd)
    os.rmdir(name, dir_fd=top)


def _open_folder(name: str, parent: int) -> int:
    """Open a folder for listing, restoring the owner's rights first. Closes `parent`."""
    try:
        path_only = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_DIRECTORY, dir_fd=parent)
    finally:
        os.close(parent)
    try:
        os.chmod(f"/proc/self/fd/{path_only}", 0o700)  # noqa: PTH101  # the only way with an O_PATH descriptor
        return os.open(".", os.O_RDONLY | os.O_DIRECTORY, dir_fd=path_only)
    finally:
        os.close(path_only)
