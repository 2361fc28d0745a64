"""Remarks on a submission's files, for its author and for staff. They cost no points."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from gradjudge.text import Text


class Note(msgspec.Struct, frozen=True):
    """A remark in a report: its sentence by language, and a line for staff."""

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
        """Render the remark."""
        return Note(self.text.in_languages(languages), self.detail)
