"""Remarks on a submission's files: what its author and staff should know, though it costs nothing."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec


class Remark(msgspec.Struct, frozen=True):
    """One remark.

    Attributes:
        en, fr: a sentence for the student.
        detail: one line for staff.
    """

    en: str
    fr: str
    detail: str

    @property
    def message(self) -> dict[str, str]:
        """The student's sentence, by language."""
        return {"en": self.en, "fr": self.fr}


MOST_NAMES = 5
LONGEST_NAME = 100


def readable(name: str) -> str:
    """Return a name of the file system as text that can be printed and encoded: what is not UTF-8 becomes ``\\xe9``."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def shown(name: str) -> str:
    """Return a name as one line that gives no orders to a terminal: what is not printed becomes ``\\x1b``."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in readable(name))


def listed(names: Sequence[str], language: str = "en") -> str:
    """Return some names as text; of many, the first ones and how many more there are."""
    text = ", ".join(shown(name)[:LONGEST_NAME] for name in names[:MOST_NAMES])
    more = len(names) - MOST_NAMES
    if more <= 0:
        return text
    return f"{text} et {more} de plus" if language == "fr" else f"{text} and {more} more"
