"""Remarks on a submission's files: what its author and staff should know, though it costs nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from gradjudge.text import Text


class Note(msgspec.Struct, frozen=True):
    """A remark as it stands in a report: its sentence by language."""

    message: dict[str, str]
    detail: str


class Remark(msgspec.Struct, frozen=True):
    """One remark.

    Attributes:
        text: a sentence for the student.
        detail: one line for staff.
    """

    text: Text
    detail: str

    def noted(self, languages: Iterable[str]) -> Note:
        """Put the remark into words."""
        return Note(self.text.in_languages(languages), self.detail)


MOST_NAMES = 5
LONGEST_NAME = 100


def readable(name: str) -> str:
    """Return a name of the file system as text that can be printed and encoded: what is not UTF-8 becomes ``\\xe9``."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def shown(name: str) -> str:
    """Return a name as one line that gives no orders to a terminal: what is not printed becomes ``\\x1b``."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in readable(name))


def listed(names: Sequence[str]) -> Text | str:
    """Return some names as text; of many, the first ones and how many more there are."""
    text = ", ".join(shown(name)[:LONGEST_NAME] for name in names[:MOST_NAMES])
    more = len(names) - MOST_NAMES
    return Text("{names} and {count} more", names=text, count=more) if more > 0 else text
