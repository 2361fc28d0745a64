"""Sentences for people: English in the code, other languages in catalogues, put into words where they are written."""

from __future__ import annotations

import gettext
import io
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

LOCALE = Path(__file__).with_name("locale")
#: Languages of which there is a catalogue, English first.
LANGUAGES = ("en", *sorted(folder.name for folder in LOCALE.iterdir() if folder.is_dir()))


class Text:
    """Hold a sentence, or a piece of one, that can be said in any language.

    A sentence of ours is a template in English with named parts, which is also its key in the catalogues. A sentence of
    a course (`own`) has its translations beside it.

    Args:
        template: English, with a ``{name}`` for each part.
        mistake: a key for the mistake that the sentence names (``"sign"``, ``"factor 1/q"``), so that mistakes can be
            counted and compared; empty where it only says what was seen.
        parts: what is put in: names and numbers as they are, other texts in the language of the whole.
    """

    __slots__ = ("_own", "_parts", "_template", "mistake")

    def __init__(self, template: str, /, *, mistake: str = "", **parts: Text | str | float) -> None:
        self._template = template
        self._parts = parts
        self._own: dict[str, str] = {}
        self.mistake = mistake

    @classmethod
    def own(cls, en: str, fr: str = "", mistake: str = "", **others: str) -> Text:
        """Make a text of a sentence and its translations; a language that it lacks gets the English."""
        text = cls("{said}", mistake=mistake, said=en)
        text._own = {"fr": fr, **others} if fr else others
        return text

    def said(self, language: str) -> str:
        """Put the text into words.

        Raises:
            KeyError: the template names a part that was not given.
        """
        if language in self._own:
            return _spaced(self._own[language], language)
        words = {name: part.said(language) if isinstance(part, Text) else part for name, part in self._parts.items()}
        return _translated(self._template, language).format_map(words)

    def in_languages(self, languages: Iterable[str]) -> dict[str, str]:
        """Put the text into words, by language."""
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
    return _spaced(_catalogue(language).gettext(template), language)


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    """Read a language's catalogue; without one everything stays in English."""
    file = LOCALE / language / "LC_MESSAGES" / "gradjudge.po"
    if not file.is_file():
        return gettext.NullTranslations()
    from babel.messages import mofile, pofile  # not for who only speaks English: it takes a while

    compiled = io.BytesIO()
    with file.open("rb") as stream:
        mofile.write_mo(compiled, pofile.read_po(stream, locale=language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def _spaced(text: str, language: str) -> str:
    """Give French its no-break spaces."""
    return re.sub(r" (?=[:;!?»])|(?<=«) ", "\u00a0", text) if language == "fr" else text
