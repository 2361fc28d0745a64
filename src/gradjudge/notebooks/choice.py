"""Choose the file of a student's folder that is graded, and say so where it is not named as it should be."""

from __future__ import annotations

import re
import stat
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import msgspec

from gradjudge.notebooks.submission import declared_assignment
from gradjudge.remarks import Remark, listed, shown

SUFFIXES = (".ipynb", ".py")
MOST_LOOKED_INTO = 20  # notebooks that are opened to see which release they were made from

#: What browsers, Jupyter, file managers and platforms put behind the name of a copy.
_COPY = re.compile(
    r"[ _-]*(?:\((?P<a>\d+)\)|-?\s?cop(?:y|ie)\s?(?P<b>\d*)|-(?P<c>\d{1,2})|-\s?checkpoint)$", re.IGNORECASE
)


class Choice(msgspec.Struct, frozen=True):
    """The file to grade, or why there is none.

    Attributes:
        file: name of the notebook or script, or None.
        problem: why there is none, for staff.
        told: the same for the student, by language, where there is more to say than that nothing was found.
        remarks: what there is to say about the choice.
    """

    file: str | None = None
    problem: str = ""
    told: dict[str, str] = {}
    remarks: tuple[Remark, ...] = ()


def choose(folder: Path, assignment: str) -> Choice:
    """Choose what is graded of a student's folder.

    The file of the right name; else one whose name differs by a habit only (case, spaces, the number of a copy), of
    several copies the last one; else the only notebook that was made from the assignment's release; else the only
    notebook; else the only script.
    """
    # Links are kept in the list, for the reader to refuse by name: to pass over one would grade another file unasked.
    names = sorted(
        entry.name
        for entry in folder.iterdir()
        if entry.suffix.lower() in SUFFIXES and not entry.name.startswith(".") and not _is_own_folder(entry)
    )
    for suffix in SUFFIXES:
        wanted = f"{assignment}{suffix}"
        if wanted in names:
            return Choice(wanted)
        close = sorted((name for name in names if _is_close(name, wanted)), key=_nearness)
        if close:
            return Choice(close[0], remarks=(_misnamed(close[0], wanted, close[1:]),))
    for suffix in SUFFIXES:
        having = [name for name in names if name.lower().endswith(suffix)]
        if len(having) > 1 and suffix == ".ipynb":
            ours = [name for name in having[:MOST_LOOKED_INTO] if declared_assignment(folder / name) == assignment]
            if len(ours) == 1:
                return Choice(ours[0], remarks=(_released(ours[0], f"{assignment}{suffix}", having),))
        if len(having) == 1:
            return Choice(having[0], remarks=(_only(having[0], f"{assignment}{suffix}"),))
        if having:
            problem = f"{folder}: found {listed(having)}; expected one named {assignment}{suffix}."
            return Choice(problem=problem, told=_several(having, f"{assignment}{suffix}"))
    return Choice(problem=f"{folder}: no notebook and no script; expected {assignment}.ipynb.")


def _is_own_folder(path: Path) -> bool:
    """Tell whether this is a folder, and no link to one: where a link leads is not asked."""
    return stat.S_ISDIR(path.lstat().st_mode)


def _several(names: Sequence[str], wanted: str) -> dict[str, str]:
    return {
        "en": f"None of your files could be chosen: {listed(names)}. Hand in one file, named {wanted}.",
        "fr": f"Aucun de vos fichiers n'a pu être choisi\u00a0: {listed(names, 'fr')}. "
        f"Rendez un seul fichier, nommé {wanted}.",
    }


def _plain(stem: str) -> str:
    """Return a stem without what people vary: case, accents' form, spaces and dashes for underscores."""
    return re.sub(r"[\s_-]+", "_", unicodedata.normalize("NFC", stem).casefold()).strip("_")


def _is_close(name: str, wanted: str) -> bool:
    """Tell whether a name differs from the wanted one by a habit only."""
    path, right = Path(name), Path(wanted)
    stem = path.stem
    if path.suffix.lower() != right.suffix:
        return False
    while _plain(stem) != _plain(right.stem):
        shorter = _COPY.sub("", stem)
        if shorter == stem:
            return False
        stem = shorter
    return True


def _nearness(name: str) -> tuple[int, int, str]:
    """Order names that are close: the last copy first, for it is the one that was saved last."""
    found = _COPY.search(Path(name).stem)
    if found is None:
        return (1, 0, name)
    number = int(found["a"] or found["b"] or found["c"] or 1)
    return (0, -number, name)


def _misnamed(name: str, wanted: str, others: Sequence[str]) -> Remark:
    name = shown(name)
    if not others:
        return Remark(
            f"Your file is named {name}. It was taken all the same; next time name it {wanted}.",
            f"Votre fichier s'appelle {name}. Il a été pris quand même ; la prochaine fois, nommez-le {wanted}.",
            f"{name} was taken: only its name differs from {wanted}",
        )
    return Remark(
        f"Of several copies, {name} was taken, as the last one; not {listed(others)}. Hand in one file, {wanted}.",
        f"Parmi plusieurs copies, {name} a été pris, comme la dernière, et non {listed(others, 'fr')}. "
        f"Rendez un seul fichier, {wanted}.",
        f"{name} was taken, as the last copy of {wanted}; not {listed(others)}",
    )


def _released(name: str, wanted: str, having: Sequence[str]) -> Remark:
    others = [other for other in having if other != name]
    name = shown(name)
    return Remark(
        f"{name} was taken: of your notebooks, only it was made from the assignment's; not {listed(others)}. "
        f"Hand in one file, {wanted}.",
        f"{name} a été pris : c'est le seul de vos notebooks qui vienne de celui du travail, et non "
        f"{listed(others, 'fr')}. Rendez un seul fichier, {wanted}.",
        f"{name} was taken: the only one that says it was made from {wanted}; not {listed(others)}",
    )


def _only(name: str, wanted: str) -> Remark:
    name, what = shown(name), "notebook" if wanted.endswith(".ipynb") else "script"
    return Remark(
        f"Your file is named {name}. It was taken as your only {what}; next time name it {wanted}.",
        f"Votre fichier s'appelle {name}. Il a été pris comme votre seul {what} ; "
        f"la prochaine fois, nommez-le {wanted}.",
        f"{name} was taken: the only {what}; expected {wanted}",
    )
