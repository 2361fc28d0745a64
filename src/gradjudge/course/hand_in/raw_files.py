"""Read students' files safely: no link is followed, and nothing blocks.

Symbolic links, FIFOs, devices, sockets and folders are refused, also if they appear after the folder was listed.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from gradjudge.course.hand_in.encodings import odd_encoding
from gradjudge.course.hand_in.remarks import Remark
from gradjudge.course.rubric import GradingLimits
from gradjudge.files import LONGEST_NAME, MOST_NAMES, listed, shown
from gradjudge.text import Text

COMPANION_SUFFIXES = (".py", ".csv", ".tsv", ".txt", ".dat", ".json", ".npy", ".npz", ".pt")
MOST_COMPANIONS = 30
MOST_ENTRIES = 1000
MOST_COMPANION_BYTES = 8 << 20
#: Folders that Python, macOS and package managers leave behind.
LEFT_BEHIND = ("__pycache__", "__MACOSX", "venv", "env", "node_modules", "site-packages")

# Names that Python or pytest import unasked, and installed packages. Companions come last on sys.path, so the real
# module would win in any case; leaving the file out makes that visible.
PICKED_UP = frozenset({"conftest", "sitecustomize", "usercustomize", "__init__", "__main__"})
INSTALLED = frozenset(
    {"ipython", "gradjudge", "matplotlib", "msgspec", "nbformat", "nbgrader", "numpy", "pandas", "pytest"}
    | {"scipy", "sklearn", "sympy", "tensorboard", "torch", "traitlets", "typing_extensions"}
)
TAKEN = PICKED_UP | INSTALLED | {name.casefold() for name in sys.stdlib_module_names}


class RefusedFile(Exception):
    """A file may not be read. `text` says why to its author, `detail` to staff."""

    def __init__(self, text: Text, detail: str) -> None:
        """Take the reason for the author and for staff."""
        super().__init__(detail)
        self.text, self.detail = text, detail


class LeftOut(msgspec.Struct, frozen=True):
    """A file beside the submission that the session does not get.

    Attributes:
        reason: why, for staff.
        why: the same for the student, as a key of `WHY`.
    """

    name: str
    reason: str
    why: str


#: Why a file beside the submission was not used: the end of a sentence.
WHY = {
    "unlisted": Text(
        "there are too many files beside it, or they could not be listed. Hand in only what your work needs."
    ),
    "many": Text(
        "at most {count} files of {mb} MB in all go with it. Hand in only what your work needs.",
        count=MOST_COMPANIONS,
        mb=MOST_COMPANION_BYTES >> 20,
    ),
    "name": Text("the name is too long or has unusual characters. Use letters, digits, '-' and '_'."),
    "folder": Text("only files that lie beside it are read, not folders."),
    "hidden": Text("a file whose name begins with a dot is not read. Rename it if your work needs it."),
    "kind": Text("only ordinary files are read, not links. Hand in the file itself."),
    "second": Text("only one notebook is graded."),
    "suffix": Text("only Python modules and small data files are read."),
    "encoding": Text("a module is read as UTF-8. Save it as UTF-8, without a line that names another encoding."),
    "taken": Text("Python or an installed package has a file of this name. Rename it if your work needs it."),
}


def left_out_remarks(main: str, left_out: Sequence[LeftOut]) -> tuple[Remark, ...]:
    """Remark on the files beside `main` that were not used: one for each reason, in the order of `WHY`."""
    remarks = []
    for key, why in WHY.items():
        names = [one.name for one in left_out if one.why == key]
        if names and names != ["*"]:
            details = dict.fromkeys(shown(one.reason) for one in left_out if one.why == key)
            remarks.append(
                Remark(
                    Text("Not used with {main}: {names}; {why}", main=main, names=listed(names), why=why),
                    f"not used: {listed(names)} ({'; '.join(list(details)[:MOST_NAMES])})",
                )
            )
        elif names:
            remarks.append(
                Remark(
                    Text("No file beside {main} was used: {why}", main=main, why=why),
                    f"no file beside it was used: {left_out[0].reason}",
                )
            )
    return tuple(remarks)


def read_regular(path: Path, most: int) -> bytes:
    """Return the bytes of a regular file of at most `most` bytes.

    Raises:
        RefusedFile: it is a link of either kind, not a regular file, or too large.
        OSError: it cannot be read, through no fault of its author.
    """
    try:
        # O_NONBLOCK: opening a FIFO would wait for a writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if path.is_symlink():
            raise RefusedFile(_A_LINK, f"{path}: a symbolic link") from error
        if error.errno in _NO_FILE:
            raise RefusedFile(_NO_ORDINARY_FILE, f"{path}: {error.strerror}") from error
        raise
    try:
        return _read_open(path, descriptor, most)
    finally:
        os.close(descriptor)


def _read_open(path: Path, descriptor: int, most: int) -> bytes:
    """Read an open file that meets the terms of `read_regular`."""
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise RefusedFile(_NO_ORDINARY_FILE, f"{path}: not a regular file (mode {status.st_mode:o})")
    if status.st_nlink > 1:
        # It could be another student's file, or the solution.
        raise RefusedFile(_A_LINK, f"{path}: {status.st_nlink} hard links to it; make it a copy of its own")
    if status.st_size > most:
        raise too_large(path, status.st_size, most)
    data = bytearray()
    while chunk := os.read(descriptor, min(1 << 20, most + 1 - len(data))):
        data += chunk
        if len(data) > most:  # it grew after fstat
            raise too_large(path, len(data), most)
    return bytes(data)


def too_large(path: Path, size: int, most: int) -> RefusedFile:
    """Return the refusal of a file of `size` bytes where `most` are allowed."""
    return RefusedFile(
        Text(
            "Your file is too large: {has:.1f} MB, and at most {may:g} MB are read. Clear its outputs and save it.",
            has=size / (1 << 20),
            may=most / (1 << 20),
        ),
        f"{path}: {size} bytes, at most {most} are read",
    )


_A_LINK = Text("Your file is a link to another file. Hand in the file itself.")
_NO_ORDINARY_FILE = Text("What was handed in is not an ordinary file. Hand in a notebook or a script.")
_NO_FILE = (errno.ENXIO, errno.ENODEV)  # from opening a socket, or a device that does not exist


def read_companions(main: Path, limits: GradingLimits) -> tuple[dict[str, bytes], tuple[LeftOut, ...]]:
    """Read the modules and small data files beside the file that is graded.

    At most `MOST_COMPANIONS` files and `MOST_COMPANION_BYTES` in all, in the order of their names, so that the result
    is the same on every machine.

    Returns:
        The bytes by name, and the files left out.

    Raises:
        OSError: a file or the folder cannot be read.
    """
    files: dict[str, bytes] = {}
    left_out: list[LeftOut] = []
    left = min(MOST_COMPANION_BYTES, limits.scratch_mb << 19)  # the session needs half of its scratch folder itself
    names = _names_beside(main)
    if names is None:
        return {}, (LeftOut("*", f"more than {MOST_ENTRIES} entries in the folder", "unlisted"),)
    for name in names:
        why, reason = _why_not(main.parent / name)
        if not why and len(files) == MOST_COMPANIONS:
            why, reason = "many", f"more than {MOST_COMPANIONS} files"
        if not why:
            try:
                data = read_regular(main.parent / name, left)
            except RefusedFile as refusal:
                why, reason = _why_refused(main.parent / name, left), refusal.detail
            else:
                encoding = odd_encoding(data) if name.lower().endswith(".py") else ""
                if encoding:
                    why, reason = "encoding", f"a module that asks to be read as {encoding}"
        if why:
            left_out.append(LeftOut(name[:LONGEST_NAME], reason, why))
        else:
            files[name] = data
            left -= len(data)
    return files, tuple(left_out)


def _names_beside(main: Path) -> list[str] | None:
    """Return the sorted names of the entries beside `main`; None if there are too many."""
    names: list[str] = []
    with os.scandir(main.parent) as entries:
        for count, entry in enumerate(entries):
            if count == MOST_ENTRIES:
                return None
            if entry.name != main.name and not is_left_behind(entry.name):
                names.append(entry.name)
    return sorted(names)


def is_left_behind(name: str) -> bool:
    """Tell whether a system, editor or tool left this file or folder behind."""
    if name.startswith("._") or not name.startswith("."):
        return name.startswith("._") or name in LEFT_BEHIND
    return Path(name).suffix.lower() not in (".ipynb", *COMPANION_SUFFIXES)


def _why_refused(path: Path, left: int) -> str:
    """Return the key of `WHY` for a file that `read_regular` refused."""
    try:
        status = path.lstat()
    except OSError:
        return "kind"
    return "many" if stat.S_ISREG(status.st_mode) and status.st_nlink == 1 and status.st_size > left else "kind"


def _why_not(path: Path) -> tuple[str, str]:
    """Return why the session does not get a file: a key of `WHY` and words for staff; both empty if it does."""
    if len(path.name) > LONGEST_NAME or not path.name.isprintable():
        return "name", "its name is too long or has control characters"
    mode = path.lstat().st_mode
    if stat.S_ISDIR(mode):
        return "folder", "a folder"
    if not stat.S_ISREG(mode):
        return "kind", "not a regular file"
    if path.name.startswith("."):
        return "hidden", "its name begins with a dot"
    if path.suffix.lower() == ".ipynb":
        return "second", "another notebook"
    if path.suffix.lower() not in COMPANION_SUFFIXES:
        return "suffix", "neither a Python module nor a data file that is known"
    if path.suffix.lower() == ".py" and path.stem.casefold() in TAKEN:
        return "taken", "named like a file that Python, pytest or an installed package uses"
    return "", ""
