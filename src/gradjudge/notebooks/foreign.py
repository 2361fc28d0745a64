"""Files that no grader can read and students hand in all the same: what they are, and what to hand in instead."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gradjudge.files import LONGEST_NAME, shown

_MARIMO = re.compile(rb"^\w+\s*=\s*marimo\.App\(", re.MULTILINE)

#: What a file is, in both languages, with what to do instead where that is not obvious.
_KINDS = {
    "page": ("a web page", "une page web", "", ""),
    "pdf": ("a PDF", "un PDF", "", ""),
    "archive": ("an archive or an office document", "une archive ou un document de bureautique", "", ""),
    "pointer": (
        "only a pointer of Git LFS to the file",
        "seulement un pointeur de Git LFS vers le fichier",
        " `git lfs pull` fetches it.",
        " `git lfs pull` va le chercher.",
    ),
    "marimo": (
        "a marimo notebook, whose definitions are hidden in its cells",
        "un notebook marimo, dont les définitions sont cachées dans les cellules",
        " `marimo export ipynb FILE.py -o FILE.ipynb` makes one.",
        " `marimo export ipynb FICHIER.py -o FICHIER.ipynb` en fait un.",
    ),
    "text": ("a text document", "un document texte", "", ""),
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


def foreign(name: str, raw: bytes) -> tuple[str, str, str] | None:
    """Return what a file is that is no notebook and no script, for its author in both languages and for staff."""
    head = raw[:100].lstrip(b" \t\r\n\xef\xbb\xbf").lower()
    kind = next((kind for start, kind in _BEGINNINGS if head.startswith(start)), "")
    if name.lower().endswith(".py") and not kind and _MARIMO.search(raw):
        kind = "marimo"
    return (*_sentences(name, kind, ""), _KINDS[kind][0]) if kind else None


def foreign_files(names: Sequence[str], wanted: str) -> dict[str, str]:
    """Say of which kind the first such file is, to a student who handed in nothing else; nothing if there is none."""
    for ending, kind in _ENDINGS.items():
        for name in names:
            if name.lower().endswith(ending):
                en, fr = _sentences(name, kind, f", {wanted}")
                return {"en": en, "fr": fr}
    return {}


def _sentences(name: str, kind: str, wanted: str) -> tuple[str, str]:
    name = shown(name)[:LONGEST_NAME]
    en, fr, more, plus = _KINDS[kind]
    return (
        f"{name} is {en}, which cannot be graded. Hand in the Jupyter notebook itself{wanted}.{more}",
        f"{name} est {fr}, ce qui ne peut pas être évalué. Rendez le notebook Jupyter lui-même{wanted}.{plus}",
    )
