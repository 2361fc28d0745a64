"""Reasons for refusing an entry of an archive, in words for staff and for its author."""

from __future__ import annotations

import msgspec

from gradjudge.text import Text


class Reason(msgspec.Struct, frozen=True):
    """One reason for refusing an entry.

    Attributes:
        expected: what entries must be, for staff.
        todo: what staff can do.
        text: the end of the student's sentence ``model.py was not taken: ...``.
    """

    expected: str
    todo: str
    text: Text


_ASK = "ask the student for the file itself"
_REPACK = "ask the student to pack it again"

REASONS: dict[str, Reason] = {
    "path": Reason(
        "a relative path without '..', '\\', drive letters or control characters",
        _REPACK,
        Text("its name leads out of your folder or has forbidden characters. Rename it and hand it in again."),
    ),
    "long": Reason(
        "at most 255 bytes in each part of a name, 4096 in all, and 32 folders",
        "ask the student for a shorter name",
        Text("its name is too long. Give it a shorter one and hand it in again."),
    ),
    "encoding": Reason(
        "a name in UTF-8",
        "ask the student for another name",
        Text("its name cannot be read. Use letters, digits, '-' and '_' only, and hand it in again."),
    ),
    "link": Reason(
        "a file, not a link",
        _ASK,
        Text("it is a link to another file. Hand in the file itself."),
    ),
    "kind": Reason(
        "a regular file",
        _ASK,
        Text("it is not an ordinary file. Hand in ordinary files only."),
    ),
    "encrypted": Reason(
        "no password",
        "ask the student for an archive without a password",
        Text("it is protected by a password. Pack it again without one."),
    ),
    "method": Reason(
        "a zip entry that is stored or deflated",
        "ask the student for an ordinary zip file",
        Text("it is compressed in an unusual way. Make an ordinary zip file."),
    ),
    "format": Reason(
        "a .zip, .tar, .tar.gz or .tar.xz",
        "ask the student for a zip file",
        Text("archives of this kind are not opened. Hand in a zip file, or the files themselves."),
    ),
    "nested": Reason(
        "no archive inside a student's archive",
        _REPACK,
        Text("it is an archive inside an archive. Hand in the files themselves, or one zip file."),
    ),
    "damaged": Reason(
        "an entry that can be unpacked",
        "download the archive again; if it stays so, ask the student for the file",
        Text("it is damaged. Hand it in again."),
    ),
    "longer": Reason(
        "an entry that is as large as it says",
        _ASK,
        Text("it is not as large as the archive says. Pack it again."),
    ),
    "size": Reason(
        "a smaller file",
        _ASK,
        Text("it is too large. Clear the outputs of notebooks, and leave out the course's data."),
    ),
    "total": Reason(
        "a smaller submission",
        "ask the student to leave out data and outputs",
        Text("your files are too large together. Leave out what the question does not ask for."),
    ),
    "count": Reason(
        "fewer files",
        "ask the student for the notebook and what it needs",
        Text("you handed in too many files. Leave out what the question does not ask for."),
    ),
    "ratio": Reason(
        "an entry that is not compressed beyond belief",
        _ASK,
        Text("it unpacks to far more than it holds. Hand in the file without compressing it."),
    ),
    "overlap": Reason(
        "entries that do not share bytes",
        _REPACK,
        Text("it shares its bytes with another file of the archive. Pack it again."),
    ),
    "duplicate": Reason(
        "one entry for each file",
        _REPACK,
        Text("there are two files of this name, and one was taken. Rename one and hand it in again."),
    ),
    "reserved": Reason(
        "no timestamp.txt from a student: it would set the time of handing in",
        "nothing, unless you put it there yourself: then copy it into the student's folder by hand",
        Text("this name is reserved. Rename it if your work needs it."),
    ),
    "owner": Reason(
        "a name that says whose it is",
        "rename it, or say --pattern or --student",
        Text("its name does not say whose it is."),
    ),
}  # fmt: skip


class RefusedEntry(Exception):
    """An entry is refused.

    Attributes:
        reason: a key of `REASONS`.
        detail: what was found, for staff.
    """

    def __init__(self, reason: str, detail: str) -> None:
        """Take the key of the reason, and what was found."""
        super().__init__(detail)
        self.reason, self.detail = reason, detail


class UnreadableArchive(Exception):
    """An archive is damaged, of an unknown format, or beyond a limit. The message is for staff."""


class Refused(msgspec.Struct, frozen=True):
    """An entry that was refused.

    Attributes:
        archive: the archive or folder that it is in.
        entry: its name there.
        reason: a key of `REASONS`.
        found: what was found.
    """

    archive: str
    entry: str
    reason: str
    found: str

    @property
    def staff(self) -> str:
        """A line for staff: archive, entry, what was found and expected, what to do."""
        why = REASONS[self.reason]
        return f"{self.archive}: {self.entry}: {self.found}; expected {why.expected}. To do: {why.todo}."

    @property
    def student(self) -> Text:
        """A sentence for the student."""
        name = self.entry.rstrip("/").rpartition("/")[2][:100]
        return Text("{name} was not taken: {why}", name=name, why=REASONS[self.reason].text)
