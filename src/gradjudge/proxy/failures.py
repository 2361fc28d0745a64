"""What ends a check: a failed verdict with words for the student (two languages) and a detail for staff only."""

from __future__ import annotations

import builtins
import re

import msgspec

from gradjudge.wire.messages import Raised

LARGEST_CELL = 10_000
LARGEST_LINE = 100_000


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


class Part(msgspec.Struct, frozen=True):
    """Record one named part of a check: whether it passed and, if there is something to say, what."""

    name: str
    passed: bool
    text: Text | None = None


class CheckFailed(Exception):
    """Say that the student's work fails a check.

    Args:
        text: what the student reads; no hidden value may be in it.
        detail: what only staff read.
        parts: the check's parts, where it has some.
    """

    def __init__(self, text: Text, *, detail: str = "", parts: tuple[Part, ...] = ()) -> None:
        super().__init__(text.en)
        self.text = text
        self.detail = detail
        self.parts = parts


class StudentRaised(CheckFailed):
    """Say that the student's code raised an exception where the check called it.

    The session that reports the exception is not trusted: the type is named only if it is one of Python's own, the
    place only if it can be a cell and a line. The message and the traceback go to `detail`.
    """

    def __init__(self, raised: Raised, *, where: str) -> None:
        kind = builtin_name(raised)
        place_en, place_fr = _place(raised)
        text = Text(
            en=f"Your code raised {kind} in `{where}`{place_en}.",
            fr=f"Votre code a levé {kind} dans `{where}`{place_fr}.",
        )
        super().__init__(text, detail=raised.text)
        self.kind = kind


def builtin_name(raised: Raised) -> str:
    """Return the name of the exception's type if it is one of Python's own, whatever the session says, or Exception."""
    named = getattr(builtins, raised.type_name, None) if raised.builtin else None
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
