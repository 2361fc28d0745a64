"""Read files that students handed in, without being led anywhere else by them.

Nothing is followed and nothing is waited for: a symbolic link, a FIFO, a device, a socket or a folder with a notebook's
name is refused, whether it was there when the folder was listed or was put there afterwards.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from pathlib import Path

import msgspec

from gradjudge.rubric import GradingLimits

COMPANION_SUFFIXES = (".py", ".csv", ".tsv", ".txt", ".dat", ".json", ".npy", ".npz", ".pt")
MOST_COMPANIONS = 30
MOST_ENTRIES = 1000
MOST_COMPANION_BYTES = 8 << 20
LONGEST_NAME = 100

# Names that Python or pytest read without being asked, and installed packages that a file must not pass itself off as.
# Companions come last on sys.path, so the real module would win in any case; leaving the file out says so aloud.
PICKED_UP = frozenset({"conftest", "sitecustomize", "usercustomize", "__init__", "__main__"})
INSTALLED = frozenset(
    {"ipython", "gradjudge", "matplotlib", "msgspec", "nbformat", "nbgrader", "numpy", "pandas", "pytest"}
    | {"scipy", "sklearn", "sympy", "tensorboard", "torch", "traitlets", "typing_extensions"}
)
TAKEN = PICKED_UP | INSTALLED | {name.casefold() for name in sys.stdlib_module_names}


class RefusedFile(Exception):
    """A file may not be read. `en` and `fr` say why to its author, `detail` to staff."""

    def __init__(self, en: str, fr: str, detail: str) -> None:
        """Take the reason in both languages and for staff."""
        super().__init__(detail)
        self.en, self.fr, self.detail = en, fr, detail


class LeftOut(msgspec.Struct, frozen=True):
    """A file beside the submission that the session does not get, and why (for staff)."""

    name: str
    reason: str


def read_regular(path: Path, most: int) -> bytes:
    """Return the bytes of a regular file of at most `most` bytes.

    Raises:
        RefusedFile: it is not a regular file of its own (links of either kind are refused), or is larger.
        OSError: it cannot be read, which is no fault of its author: a file system that is gone, a failing disk.
    """
    try:
        # O_NONBLOCK: opening a FIFO would wait for a writer for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if path.is_symlink():
            raise RefusedFile(*_REFUSED["link"], f"{path}: a symbolic link") from error
        if error.errno in _NO_FILE:
            raise RefusedFile(*_REFUSED["kind"], f"{path}: {error.strerror}") from error
        raise
    try:
        return _read_open(path, descriptor, most)
    finally:
        os.close(descriptor)


def _read_open(path: Path, descriptor: int, most: int) -> bytes:
    """Read an open file if it is what `read_regular` allows."""
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise RefusedFile(*_REFUSED["kind"], f"{path}: not a regular file (mode {status.st_mode:o})")
    if status.st_nlink > 1:
        # It could be another student's file, or the solution, under a second name.
        raise RefusedFile(*_REFUSED["link"], f"{path}: {status.st_nlink} hard links to it; make it a copy of its own")
    if status.st_size > most:
        raise too_large(path, status.st_size, most)
    data = bytearray()
    while chunk := os.read(descriptor, min(1 << 20, most + 1 - len(data))):
        data += chunk
        if len(data) > most:  # it grew since it was measured
            raise too_large(path, len(data), most)
    return bytes(data)


def too_large(path: Path, size: int, most: int) -> RefusedFile:
    """Return the refusal of a file of `size` bytes where `most` are allowed."""
    has, may = size / (1 << 20), most / (1 << 20)
    return RefusedFile(
        f"Your file is too large: {has:.1f} MB, and at most {may:.2g} MB are read. Clear its outputs and save it.",
        f"Votre fichier est trop volumineux : {has:.1f} Mo, et {may:.2g} Mo au plus sont lus. "
        "Effacez ses sorties puis enregistrez-le.",
        f"{path}: {size} bytes, at most {most} are read",
    )


_REFUSED = {
    "link": (
        "Your file is a link to another file. Hand in the file itself.",
        "Votre fichier est un lien vers un autre fichier. Rendez le fichier lui-même.",
    ),
    "kind": (
        "What was handed in is not an ordinary file. Hand in a notebook or a script.",
        "Ce qui a été rendu n'est pas un fichier ordinaire. Rendez un notebook ou un script.",
    ),
}
_NO_FILE = (errno.ENXIO, errno.ENODEV)  # what opening a socket gives, or a device that is not there


def read_companions(main: Path, limits: GradingLimits) -> tuple[dict[str, bytes], tuple[LeftOut, ...]]:
    """Read the modules and small data files beside the file that is graded.

    At most `MOST_COMPANIONS` files and `MOST_COMPANION_BYTES` in all, in the order of their names, so that the same
    folder gives the same answer on every machine.

    Returns:
        the bytes by name, and what is left out with the reason.

    Raises:
        OSError: a file or the folder cannot be read.
    """
    files: dict[str, bytes] = {}
    left_out: list[LeftOut] = []
    room = min(MOST_COMPANION_BYTES, limits.scratch_mb << 19)  # the session needs half of its scratch folder itself
    names = _names_beside(main)
    if names is None:
        return {}, (LeftOut("*", f"more than {MOST_ENTRIES} entries in the folder"),)
    for name in names:
        reason = _why_not(main.parent / name)
        if not reason and len(files) == MOST_COMPANIONS:
            reason = f"more than {MOST_COMPANIONS} files"
        if not reason:
            try:
                files[name] = read_regular(main.parent / name, room)
            except RefusedFile as refusal:
                reason = refusal.detail
            else:
                room -= len(files[name])
        if reason:
            left_out.append(LeftOut(name[:LONGEST_NAME], reason))
    return files, tuple(left_out)


def _names_beside(main: Path) -> list[str] | None:
    """Return the sorted names of the visible entries beside `main`, or None if there are too many to look at."""
    names: list[str] = []
    with os.scandir(main.parent) as entries:
        for count, entry in enumerate(entries):
            if count == MOST_ENTRIES:
                return None
            if entry.name != main.name and not entry.name.startswith("."):
                names.append(entry.name)
    return sorted(names)


def _why_not(path: Path) -> str:
    """Tell why a file is not given to the session, or return an empty text."""
    if len(path.name) > LONGEST_NAME or not path.name.isprintable():
        return "its name is too long or has control characters"
    if not stat.S_ISREG(path.lstat().st_mode):
        return "not a regular file"
    if path.suffix.lower() not in COMPANION_SUFFIXES:
        return "neither a Python module nor a data file that is known"
    if path.suffix.lower() == ".py" and path.stem.casefold() in TAKEN:
        return "named like a file that Python, pytest or an installed package uses"
    return ""
