"""Sentences for people: English in the code, other languages in gettext catalogues, rendered where they are written."""

from __future__ import annotations

import gettext
import io
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

LOCALE = Path(__file__).with_name("locale")
#: Languages with a catalogue, English first.
LANGUAGES = ("en", *sorted(folder.name for folder in LOCALE.iterdir() if folder.is_dir()))


class Text:
    """A sentence, or part of one, that can be rendered in any language.

    The English template is also its key in the catalogues. A course's own sentence (`own`) carries its translations.

    Args:
        template: English, with ``{name}`` for each part.
        mistake: key of the mistake that the sentence names (``"sign"``, ``"factor 1/q"``), for counting; or empty.
        parts: what to fill in; texts are rendered in the same language.
    """

    __slots__ = ("_own", "_parts", "_template", "mistake")

    def __init__(self, template: str, /, *, mistake: str = "", **parts: Text | str | float) -> None:
        self._template = template
        self._parts = parts
        self._own: dict[str, str] = {}
        self.mistake = mistake

    @classmethod
    def own(cls, en: str, fr: str = "", mistake: str = "", **others: str) -> Text:
        """Make a text from a sentence and its translations; a missing language falls back to English."""
        text = cls("{said}", mistake=mistake, said=en)
        text._own = {"fr": fr, **others} if fr else others
        return text

    def said(self, language: str) -> str:
        """Render the text in one language.

        Raises:
            KeyError: a part of the template was not given.
        """
        if language in self._own:
            return _spaced(self._own[language], language)
        words = {name: part.said(language) if isinstance(part, Text) else part for name, part in self._parts.items()}
        return _translated(self._template, language).format_map(words)

    def in_languages(self, languages: Iterable[str]) -> dict[str, str]:
        """Render the text in several languages."""
        return {language: self.said(language) for language in languages}

    def __str__(self) -> str:
        return self.said("en")

    def __repr__(self) -> str:
        return f"Text({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Text):
            return NotImplemented
        return self._all == other._all

    def __hash__(self) -> int:
        return hash((self._template, self.mistake))

    @property
    def _all(self) -> tuple[object, ...]:
        return self._template, self._parts, self._own, self.mistake


@cache
def _translated(template: str, language: str) -> str:
    # To gettext the empty message is the catalogue's header.
    return _spaced(_catalogue(language).gettext(template), language) if template else ""


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    """Read a language's catalogue; without one, texts stay in English."""
    file = LOCALE / language / "LC_MESSAGES" / "gradjudge.po"
    if not file.is_file():
        return gettext.NullTranslations()
    from babel.messages import mofile, pofile  # slow, and not needed for English

    compiled = io.BytesIO()
    with file.open("rb") as stream:
        mofile.write_mo(compiled, pofile.read_po(stream, locale=language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def _spaced(text: str, language: str) -> str:
    """Insert the no-break spaces of French typography."""
    return re.sub(r" (?=[:;!?»])|(?<=«) ", "\u00a0", text) if language == "fr" else text
