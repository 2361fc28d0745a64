"""Why an entry of an archive is not taken: for staff what was expected and what to do, for its author why."""

from __future__ import annotations

import msgspec


class Reason(msgspec.Struct, frozen=True):
    """One reason for not taking an entry.

    Attributes:
        expected: what entries must be, for staff.
        todo: what staff can do.
        en, fr: the end of the student's sentence ``model.py was not taken: ...``.
    """

    expected: str
    todo: str
    en: str
    fr: str


_ASK = "ask the student for the file itself"
_REPACK = "ask the student to pack it again"

REASONS: dict[str, Reason] = {
    "path": Reason(
        "a relative path without '..', '\\', drive letters or control characters",
        _REPACK,
        "its name leads out of your folder or has forbidden characters. Rename it and hand it in again.",
        "son nom mène hors de votre dossier ou contient des caractères interdits. Renommez-le et rendez-le à nouveau.",
    ),
    "long": Reason(
        "at most 255 bytes in each part of a name, 4096 in all, and 32 folders",
        "ask the student for a shorter name",
        "its name is too long. Give it a shorter one and hand it in again.",
        "son nom est trop long. Donnez-lui un nom plus court et rendez-le à nouveau.",
    ),
    "encoding": Reason(
        "a name in UTF-8",
        "ask the student for another name",
        "its name cannot be read. Use letters, digits, '-' and '_' only, and hand it in again.",
        "son nom n'est pas lisible. N'utilisez que des lettres, des chiffres, « - » et « _ », et rendez-le à nouveau.",
    ),
    "link": Reason(
        "a file, not a link",
        _ASK,
        "it is a link to another file. Hand in the file itself.",
        "c'est un lien vers un autre fichier. Rendez le fichier lui-même.",
    ),
    "kind": Reason(
        "a regular file",
        _ASK,
        "it is not an ordinary file. Hand in ordinary files only.",
        "ce n'est pas un fichier ordinaire. Ne rendez que des fichiers ordinaires.",
    ),
    "encrypted": Reason(
        "no password",
        "ask the student for an archive without a password",
        "it is protected by a password. Pack it again without one.",
        "il est protégé par un mot de passe. Recréez l'archive sans mot de passe.",
    ),
    "method": Reason(
        "a zip entry that is stored or deflated",
        "ask the student for an ordinary zip file",
        "it is compressed in an unusual way. Make an ordinary zip file.",
        "il est compressé d'une manière inhabituelle. Faites un fichier zip ordinaire.",
    ),
    "format": Reason(
        "a .zip, .tar, .tar.gz or .tar.xz",
        "ask the student for a zip file",
        "archives of this kind are not opened. Hand in a zip file, or the files themselves.",
        "ce format d'archive n'est pas ouvert. Rendez un fichier zip, ou les fichiers eux-mêmes.",
    ),
    "nested": Reason(
        "no archive inside a student's archive",
        _REPACK,
        "it is an archive inside an archive. Hand in the files themselves, or one zip file.",
        "c'est une archive dans une archive. Rendez les fichiers eux-mêmes, ou un seul fichier zip.",
    ),
    "damaged": Reason(
        "an entry that can be unpacked",
        "download the archive again; if it stays so, ask the student for the file",
        "it is damaged. Hand it in again.",
        "il est endommagé. Rendez-le à nouveau.",
    ),
    "longer": Reason(
        "an entry that is as large as it says",
        _ASK,
        "it is not as large as the archive says. Pack it again.",
        "il n'a pas la taille que l'archive annonce. Recréez l'archive.",
    ),
    "size": Reason(
        "a smaller file",
        _ASK,
        "it is too large. Clear the outputs of notebooks, and leave out the course's data.",
        "il est trop volumineux. Effacez les sorties des notebooks, et ne joignez pas les données du cours.",
    ),
    "total": Reason(
        "a smaller submission",
        "ask the student to leave out data and outputs",
        "your files are too large together. Leave out what the question does not ask for.",
        "vos fichiers sont trop volumineux ensemble. Ne joignez que ce que la question demande.",
    ),
    "count": Reason(
        "fewer files",
        "ask the student for the notebook and what it needs",
        "you handed in too many files. Leave out what the question does not ask for.",
        "vous avez rendu trop de fichiers. Ne joignez que ce que la question demande.",
    ),
    "ratio": Reason(
        "an entry that is not compressed beyond belief",
        _ASK,
        "it unpacks to far more than it holds. Hand in the file without compressing it.",
        "il contient bien moins que ce qu'il occupe une fois extrait. Rendez le fichier sans le compresser.",
    ),
    "overlap": Reason(
        "entries that do not share bytes",
        _REPACK,
        "it shares its bytes with another file of the archive. Pack it again.",
        "il partage ses octets avec un autre fichier de l'archive. Recréez l'archive.",
    ),
    "duplicate": Reason(
        "one entry for each file",
        _REPACK,
        "there are two files of this name, and one was taken. Rename one and hand it in again.",
        "deux fichiers portent ce nom, et l'un a été pris. Renommez l'un d'eux et rendez-le à nouveau.",
    ),
    "reserved": Reason(
        "no timestamp.txt from a student: it would set the time of handing in",
        "nothing, unless you put it there yourself: then copy it into the student's folder by hand",
        "this name is reserved. Rename it if your work needs it.",
        "ce nom est réservé. Renommez-le si votre travail en a besoin.",
    ),
    "owner": Reason(
        "a name that says whose it is",
        "rename it, or say --pattern or --student",
        "its name does not say whose it is.",
        "son nom ne dit pas de qui il est.",
    ),
}  # fmt: skip


class RefusedEntry(Exception):
    """An entry is not taken.

    Attributes:
        reason: a key of `REASONS`.
        detail: what was found, for staff.
    """

    def __init__(self, reason: str, detail: str) -> None:
        """Take the key of the reason, and what was found."""
        super().__init__(detail)
        self.reason, self.detail = reason, detail


class UnreadableArchive(Exception):
    """An archive cannot be read as a whole: damaged, of another kind, or beyond a limit. The message is for staff."""


class Refused(msgspec.Struct, frozen=True):
    """An entry that was not taken.

    Attributes:
        archive: the archive or folder it stands in.
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
        """One line: archive, entry, what was found and expected, what to do."""
        why = REASONS[self.reason]
        return f"{self.archive}: {self.entry}: {self.found}; expected {why.expected}. To do: {why.todo}."

    @property
    def student(self) -> dict[str, str]:
        """What the student can be told, by language."""
        why, name = REASONS[self.reason], self.entry.rstrip("/").rpartition("/")[2][:100]
        return {"en": f"{name} was not taken: {why.en}", "fr": f"{name} n'a pas été pris : {why.fr}"}
