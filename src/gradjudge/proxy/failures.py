"""What ends a check: a failed verdict with words for the student (two languages) and a detail for staff only."""

from __future__ import annotations

import builtins
import re

import msgspec

from gradjudge.proxy.causes import cause_words
from gradjudge.wire.exceptions import KNOWN
from gradjudge.wire.messages import Raised

LARGEST_CELL = 10_000
LARGEST_LINE = 100_000
#: Characters of what staff may read of one check or one cell.
LONGEST_DETAIL = 8_000


class Text(msgspec.Struct, frozen=True):
    """Hold one sentence for the student in both languages; French gets its no-break spaces here.

    Attributes:
        mistake: a key for the mistake that the sentence names (``"sign"``, ``"factor 1/q"``), so that mistakes can be
            counted and compared; empty where it only says what was seen.
    """

    en: str
    fr: str
    mistake: str = ""

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "fr", re.sub(r" ([:;!?»])", "\u00a0\\1", self.fr))


class CheckFailed(Exception):
    """Say that the student's work fails a check.

    Args:
        text: what the student reads; no hidden value may be in it.
        detail: what only staff read.
    """

    def __init__(self, text: Text, *, detail: str = "") -> None:
        super().__init__(text.en)
        self.text = text
        self.detail = detail


class StudentRaised(CheckFailed):
    """Say that the student's code raised an exception where the check called it.

    The session that reports the exception is not trusted: the type is named only if it is one of Python's own or of a
    known library, the place only if it can be a cell and a line, the cause only if it is on our list. The message and
    the traceback go to `detail`.

    Attributes:
        kind: name of the exception's type.
        cause: what it comes of, as in `gradjudge.proxy.causes`; empty where that is not known.
        placed: whether a line of the student's own raised it, not only the call of it.
    """

    def __init__(self, raised: Raised, *, where: str) -> None:
        kind = known_name(raised)
        place_en, place_fr = _place(raised)
        over, words = over_limit(raised.limit, raised.most), cause_words(raised.cause, raised.name)
        done = over or Text(en=f"raised {kind}", fr=f"a levé {kind}")
        why_en, why_fr, key = ("", "", "") if over or words is None else (f": {words[0]}", f" : {words[1]}", words[2])
        text = Text(
            en=f"Your code {done.en} in `{where}`{place_en}{why_en}.",
            fr=f"Votre code {done.fr} dans `{where}`{place_fr}{why_fr}.",
            mistake=key,
        )
        super().__init__(text, detail=raised.text)
        self.kind = kind
        self.cause = raised.cause if words is not None else ""
        self.placed = raised.place is not None


def bounded_detail(text: str) -> str:
    """Return what is kept of a text for staff, its middle left out: a session can send a megabyte for every cell."""
    if len(text) <= LONGEST_DETAIL:
        return text
    half = LONGEST_DETAIL // 2
    return f"{text[:half]}\n[...]\n{text[-half:]}"


def over_limit(limit: str, most: int) -> Text | None:
    """Say what code did that ran into a limit: "needed more than 512 MB of memory"; None for what is no limit.

    Args:
        limit: as in `gradjudge.wire.messages.Raised`; it may be anything.
        most: how much there is of it; 0 where that is not known.
    """
    return {
        "memory": Text(
            en=f"needed more than {most} MB of memory" if most else "needed more memory than there is",
            fr=f"a eu besoin de plus de {most} Mo de mémoire"
            if most
            else "a eu besoin de plus de mémoire qu'il n'y en a",
        ),
        "threads": Text(
            en=f"started more than {most} threads" if most else "started too many threads",
            fr=f"a lancé plus de {most} fils d'exécution" if most else "a lancé trop de fils d'exécution",
        ),
        "descriptors": Text(
            en=f"had more than {most} files open at once" if most else "had too many files open at once",
            fr=f"a gardé plus de {most} fichiers ouverts à la fois" if most else "a gardé trop de fichiers ouverts",
        ),
        "disk": Text(
            en=f"wrote more than {most} MB, or too many files" if most else "wrote too much to files",
            fr=f"a écrit plus de {most} Mo, ou trop de fichiers" if most else "a trop écrit dans des fichiers",
        ),
        "file": Text(
            en=f"wrote a file of more than {most} MB" if most else "wrote too large a file",
            fr=f"a écrit un fichier de plus de {most} Mo" if most else "a écrit un fichier trop grand",
        ),
        "processes": Text(
            en="tried to start another process, which cannot be done here,",
            fr="a tenté de lancer un autre processus, ce qui n'est pas possible ici,",
        ),
        "value": Text(
            en=f"gave a value too large to be looked at (a tensor may have {most} MB)"
            if most
            else "gave a value too large to be looked at",
            fr=f"a donné une valeur trop grande pour être examinée (un tenseur peut avoir {most} Mo)"
            if most
            else "a donné une valeur trop grande pour être examinée",
        ),
    }.get(limit)


def known_name(raised: Raised) -> str:
    """Return the name of the exception's type if it is a known one, whatever the session says, or Exception."""
    if not raised.builtin:
        return raised.type_name if raised.type_name in KNOWN else "Exception"
    named = getattr(builtins, raised.type_name, None)
    known = isinstance(named, type) and issubclass(named, BaseException)
    return raised.type_name if known else "Exception"


def _place(raised: Raised) -> tuple[str, str]:
    if raised.place is None:
        return "", ""
    cell, line = raised.place
    if not (0 <= cell <= LARGEST_CELL and 1 <= line <= LARGEST_LINE):
        return "", ""
    if cell == 0:  # a script
        return f" (line {line})", f" (ligne {line})"
    return f" (cell {cell}, line {line})", f" (cellule {cell}, ligne {line})"
