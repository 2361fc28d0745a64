"""What a sitting says of cells: sentences for the student in two languages."""

from __future__ import annotations

from gradjudge.celltext import plain_python
from gradjudge.notebooks.submission import Cell
from gradjudge.proxy.causes import cause_words
from gradjudge.proxy.failures import known_name, over_limit
from gradjudge.text import Text
from gradjudge.wire.messages import Raised

#: Bytes of a cell that is run.
LONGEST_CELL = 512 << 10

TOO_LONG = Text.own(
    en=f"was not run: it has more than {LONGEST_CELL >> 10} kB of text",
    fr=f"n'a pas été exécutée : elle contient plus de {LONGEST_CELL >> 10} ko de texte",
)
SKIPPED = Text.own(
    en="was not run: the time of the submission was used up",
    fr="n'a pas été exécutée : le temps de la copie était épuisé",
)


def failed(raised: Raised) -> Text:
    """Say what a cell raised and why, or which limit it ran into."""
    over = over_limit(raised.limit, raised.most)
    if over is not None:
        return Text.own(en=over.en.rstrip(","), fr=over.fr.rstrip(","))
    name = nom = known_name(raised)
    if name == "Exception":
        name, nom = "an exception", "une exception"
    if name == "NotImplementedError" and not raised.cause:
        return Text.own(en="is not done yet", fr="n'est pas encore faite")
    words = cause_words(raised.cause, raised.name)
    why, pourquoi = ("", "") if words is None else (f": {words[0]}", f" : {words[1]}")
    return Text.own(en=f"raised {name}{why}", fr=f"a levé {nom}{pourquoi}")


def cut(output_kb: int) -> Text:
    """Say that a cell printed more than is kept."""
    return Text.own(
        en=f"printed more than {output_kb} kB; what is beyond was left out, and costs nothing",
        fr=f"a affiché plus de {output_kb} ko ; ce qui dépasse a été laissé de côté, et ne coûte rien",
    )


def unknown_magic(source: str, magic: str) -> Text | None:
    """Say what became of a cell whose magic is not known here; None if no line of it begins with that magic."""
    if not any(line.removeprefix("%%").split()[:1] == [magic] for line in source.split("\n") if line[:2] == "%%"):
        return None
    if not (plain_python(source) or "").strip():  # no Python, or another language
        return Text.own(
            en=f"was not run: %%{magic} is not known here", fr=f"n'a pas été exécutée : %%{magic} n'est pas connu ici"
        )
    return Text.own(
        en=f"was run without %%{magic}, which is not known here; that costs nothing",
        fr=f"a été exécutée sans %%{magic}, qui n'est pas connu ici ; cela ne coûte rien",
    )


def of_cell(cell: Cell, done: Text, at: int = 0) -> dict[str, str]:
    """Say of a cell (or a statement of a script) what it did, and at which of its lines if that is known."""
    if cell.mode == "python":
        start = Text.own(f"the code from line {cell.line} on", f"la partie du code qui commence à la ligne {cell.line}")
        subject = Text.own(f"the code at line {at}", f"le code de la ligne {at}") if at else start
        return {"en": f"{subject.en} {done.en}", "fr": f"{subject.fr} {done.fr}"}
    line, ligne = (f", line {at},", f", ligne {at},") if at else ("", "")
    return {
        "en": f"code cell {cell.number}{line} {done.en}",
        "fr": f"la cellule de code {cell.number}{ligne} {done.fr}",
    }


def in_seconds(seconds: float) -> tuple[str, str]:
    """Write a time limit in English and French."""
    text = f"{seconds:g} s"
    return text, text.replace(".", ",")
