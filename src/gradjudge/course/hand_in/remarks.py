"""Remarks on a submission's files: what its author and staff should know, though it costs nothing."""

from __future__ import annotations

from collections.abc import Iterable

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
