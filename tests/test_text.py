"""Sentences and their catalogues."""

from __future__ import annotations

import ast
import io
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages import pofile

import gradjudge
from gradjudge.checks.comparison import wrong_result
from gradjudge.checks.functions.diagnosis import times
from gradjudge.text import LANGUAGES, LOCALE, Text

#: Catalogues that are only begun: what they lack is said in English.
BEGUN = {"es"}


def written() -> Iterator[tuple[str, ast.Call]]:
    """Yield each call in the code that makes a text from a template."""
    for file in sorted(Path(gradjudge.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Text":
                yield f"{file.name}:{node.lineno}", node


def placeholders(template: str) -> set[str]:
    """Return the names of the parts of a template."""
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


def catalogue(language: str) -> dict[str, str]:
    """Read a catalogue, without its header."""
    data = (LOCALE / language / "LC_MESSAGES" / "gradjudge.po").read_bytes()
    found = pofile.read_po(io.BytesIO(data), abort_invalid=True)
    assert not any(message.fuzzy for message in found if message.id)
    assert data.count(b"\nmsgid ") == len(found) + 1, "a sentence stands there twice"
    return {str(message.id): str(message.string) for message in found if message.id}


TEMPLATES = {
    str(node.args[0].value): where for where, node in written() if node.args and isinstance(node.args[0], ast.Constant)
}
TRANSLATED = [language for language in LANGUAGES if language != "en"]


def test_templates_are_literals() -> None:
    """A template built at run time would be in no catalogue; names and numbers are parts."""
    for where, node in written():
        assert len(node.args) == 1, where
        assert isinstance(node.args[0], ast.Constant), f"{where}: the template must be a literal"


def test_parts_match_the_template() -> None:
    """Every part of a template is given, and no other."""
    for where, node in written():
        if isinstance(node.args[0], ast.Constant) and not any(word.arg is None for word in node.keywords):
            given = {str(word.arg) for word in node.keywords} - {"mistake"}
            assert given == placeholders(str(node.args[0].value)), where


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalogue_has_the_sentences_of_the_code(language: str) -> None:
    """Each sentence, with the same placeholders, and no stale one."""
    found = catalogue(language)
    assert set(found) == set(TEMPLATES), "say `make messages`"
    translated = {template: said for template, said in found.items() if said}
    for template, said in translated.items():
        assert placeholders(said) == placeholders(template), template
    missing = set(TEMPLATES) - set(translated)
    assert bool(missing) is (language in BEGUN), missing


def test_a_text_is_rendered_in_one_language() -> None:
    """Parts that are texts are rendered in it, too; names and numbers stay."""
    part = Text.own("a list", "une liste")
    whole = Text("{where}: {part}", where="MSE", part=part, mistake="kind")
    assert whole.in_languages(("fr", "en")) == {"fr": "MSE: une liste", "en": "MSE: a list"}
    assert whole.mistake == "kind"
    assert str(whole) == "MSE: a list"


def test_an_empty_text_is_empty_in_every_language() -> None:
    """To gettext the empty message is the catalogue's header."""
    assert set(Text("").in_languages(LANGUAGES).values()) == {""}


def test_no_break_spaces_are_added_only_to_the_sentence() -> None:
    """A student's own name is not touched."""
    assert Text.own("a: b", "a : b").said("fr") == "a\u00a0: b"
    assert Text.own("'-'", "« - »").said("fr") == "«\u00a0-\u00a0»"
    assert Text("{name}", name="a : b").said("fr") == "a : b"


def test_a_missing_translation_falls_back_to_english() -> None:
    """In a catalogue, or in a course's own sentence."""
    assert Text("nobody has translated {this}", this=1).said("fr") == "nobody has translated 1"
    assert Text.own("yes", "oui").said("es") == "yes"


def test_an_incomplete_catalogue_is_used() -> None:
    """A translated diagnosis is in Spanish; untranslated parts are in English, also within it."""
    said = wrong_result("MSE.forward", times("1/q")).said("es")
    assert said == "El resultado de `MSE.forward` es 1/q veces el correcto (q: número de filas)."
    assert wrong_result("f", Text("is {what}", what=1)).said("es") == "El resultado de `f` is 1."


def test_texts_are_equal_if_they_say_the_same_of_the_same_mistake() -> None:
    """So that the same mistake counts once."""
    assert Text("{a}", a=1) == Text("{a}", a=1)
    assert Text("{a}", a=1) != Text("{a}", a=2)
    assert Text("{a}", a=1, mistake="sign") != Text("{a}", a=1)
    assert Text.own("a", "b") != Text.own("a", "c")
    assert len({Text("{a}", a=1), Text("{a}", a=1)}) == 1
