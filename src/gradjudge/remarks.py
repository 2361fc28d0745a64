"""Remarks on a submission's files: what its author and staff should know, though it costs nothing."""

from __future__ import annotations

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
