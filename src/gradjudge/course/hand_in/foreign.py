"""Recognise files that cannot be graded (PDF, HTML, archives, ...), and say what to hand in instead."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gradjudge.files import LONGEST_NAME, shown
from gradjudge.text import Text

_MARIMO = re.compile(rb"^\w+\s*=\s*marimo\.App\(", re.MULTILINE)

#: What a file is.
_KINDS = {
    "page": Text("a web page"),
    "pdf": Text("a PDF"),
    "archive": Text("an archive or an office document"),
    "pointer": Text("only a pointer of Git LFS to the file"),
    "marimo": Text("a marimo notebook, whose definitions are hidden in its cells"),
    "text": Text("a text document"),
}
#: How to get the notebook, where that is not obvious.
_ADVICE = {
    "pointer": Text("`git lfs pull` fetches it."),
    "marimo": Text("`marimo export ipynb FILE.py -o FILE.ipynb` makes one."),
}
_BEGINNINGS = (
    (b"<!doctype", "page"),
    (b"<html", "page"),
    (b"%pdf", "pdf"),
    (b"pk\x03\x04", "archive"),
    (b"\x1f\x8b", "archive"),
    (b"version https://git-lfs", "pointer"),
)
_ENDINGS = {
    **dict.fromkeys((".html", ".htm", ".mhtml"), "page"),
    ".pdf": "pdf",
    **dict.fromkeys((".zip", ".rar", ".7z", ".tar", ".gz", ".tgz"), "archive"),
    **dict.fromkeys((".doc", ".docx", ".odt", ".rtf", ".md", ".tex", ".txt"), "text"),
}


def foreign(name: str, raw: bytes) -> tuple[Text, str] | None:
    """Return what such a file is, for its author and for staff; None for any other file."""
    head = raw[:100].lstrip(b" \t\r\n\xef\xbb\xbf").lower()
    kind = next((kind for start, kind in _BEGINNINGS if head.startswith(start)), "")
    if name.lower().endswith(".py") and not kind and _MARIMO.search(raw):
        kind = "marimo"
    if not kind:
        return None
    text = Text(
        "{name} is {kind}, which cannot be graded. Hand in the Jupyter notebook itself.",
        name=shown(name)[:LONGEST_NAME],
        kind=_KINDS[kind],
    )
    if kind in _ADVICE:
        text = Text("{refusal} {advice}", refusal=text, advice=_ADVICE[kind])
    return text, str(_KINDS[kind])


def foreign_files(names: Sequence[str], wanted: str) -> Text | None:
    """Say what the first such file is, for a student who handed in nothing else; None if there is none."""
    for ending, kind in _ENDINGS.items():
        for name in names:
            if name.lower().endswith(ending):
                return Text(
                    "{name} is {kind}, which cannot be graded. Hand in the Jupyter notebook itself, {wanted}.",
                    name=shown(name)[:LONGEST_NAME],
                    kind=_KINDS[kind],
                    wanted=wanted,
                )
    return None
