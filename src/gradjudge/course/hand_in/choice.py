"""Choose the file to grade in a student's folder, by content and name, with remarks that say why.

Content comes first: an untouched file is never graded while another one was worked on, and a file that holds all of
another and more is graded in its place. Where neither content nor names decide, a person must.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from gradjudge.course.hand_in.content import Asked, Content, content_of, importable
from gradjudge.course.hand_in.foreign import foreign_files
from gradjudge.course.hand_in.raw_files import RefusedFile, is_left_behind, read_regular
from gradjudge.course.hand_in.remarks import Remark
from gradjudge.course.hand_in.submission import holds_notebook
from gradjudge.files import listed, shown
from gradjudge.text import Text

SUFFIXES = (".ipynb", ".py")
MOST_LOOKED_INTO = 30  # files opened for their content
MOST_SCRIPT_BYTES = 1 << 20  # of all scripts opened for it
MOST_ENTRIES = 2000  # in all subfolders together
DEEPEST = 6
MOST_COMPARED = 64 << 20  # bytes of a file that is hashed to find duplicates

#: What browsers, mail programs and editors append to a file's name.
_ADDED = re.compile(r"(?P<name>.*\.(?:ipynb|py))\.(?:txt|json)$", re.IGNORECASE | re.DOTALL)
#: What browsers, Jupyter, file managers and platforms append to the name of a copy; Colab's prefix is below.
_COPY = re.compile(
    r"[ _-]*(?:\((?P<a>\d+)\)|-?\s?\(?cop(?:y|ie)\s?(?P<b>\d*)\)?|-(?P<c>\d{1,2})|-\s?(?P<checkpoint>checkpoint))$",
    re.IGNORECASE,
)
_COPY_OF = re.compile(r"^(?:copy of|copie de|kopie von)\s+", re.IGNORECASE)
_VERSION = re.compile(r"[ _-]*(?:v(?:ersion)?[ _-]?(?P<number>\d{1,3})|(?P<final>finale?))$", re.IGNORECASE)
_OLD = re.compile(
    r"(?<![^\W\d_])(?:old|anciens?|anciennes?|backup|bak|sauvegarde|archives?|brouillon|draft|checkpoint)(?![^\W\d_])",
    re.IGNORECASE,
)


class Choice(msgspec.Struct, frozen=True):
    """The file to grade, or why there is none.

    Attributes:
        file: path in the folder, or None.
        problem: why `file` is None, for staff.
        told: the same for the student, unless nothing was found.
        unread: whether a person must choose among several files.
        also: lines of Python to run after the file: imports of what only the scripts beside it define.
        remarks: on the choice.
    """

    file: str | None = None
    problem: str = ""
    told: Text | None = None
    unread: bool = False
    also: tuple[str, ...] = ()
    remarks: tuple[Remark, ...] = ()


class Candidate(msgspec.Struct, frozen=True):
    """A file that may be the one to grade.

    Attributes:
        name: path in the student's folder.
        content: what the file defines itself.
        seen: what is done in it, by piece, imports from scripts beside it included.
    """

    name: str
    content: Content = Content()
    seen: dict[str, str] = {}

    @property
    def base(self) -> str:
        """The name without folders and without an appended ending."""
        base = self.name.rpartition("/")[2]
        found = _ADDED.fullmatch(base)
        return base if found is None else found["name"]

    @property
    def stem(self) -> str:
        """`base` without its suffix."""
        return Path(self.base).stem

    @property
    def suffix(self) -> str:
        """``.ipynb`` or ``.py``, by the name."""
        suffix = Path(self.base).suffix.lower()
        return suffix if suffix in SUFFIXES else ".ipynb"

    @property
    def names(self) -> set[str]:
        """The functions, classes and variables in `seen`."""
        return {piece.partition(".")[0] for piece in self.seen}


def choose(folder: Path, assignment: str, asked: Callable[[], Asked] = Asked) -> Choice:
    """Choose the file to grade in a student's folder.

    Args:
        asked: returns what the assignment asks for; called only if there are several files.
    """
    names, inside = _visible(folder), _below(folder)
    top, below = _candidates(folder, names), _candidates(folder, inside)
    found = top or below or _candidates(folder, _hidden(folder))
    if not found:
        told = foreign_files([*names, *inside], f"{assignment}.ipynb")
        return Choice(problem=f"{folder}: no notebook and no script; expected {assignment}.ipynb.", told=told)
    if len(found) == 1 and not (top and below):
        return _taken(found[0], found, found, assignment, ())
    for one in top:  # for the reader to refuse by name, rather than silently grade another file
        if one.name == f"{assignment}{one.suffix}" and not stat.S_ISREG((folder / one.name).lstat().st_mode):
            return Choice(one.name)
    return _decide(folder, found, below if top else [], assignment, asked())


def _decide(
    folder: Path, found: Sequence[Candidate], below: Sequence[Candidate], assignment: str, asked: Asked
) -> Choice:
    """Choose one of several files; those in subfolders count only if nothing was done in the others."""
    files = _with_content(folder, found, assignment, asked)
    if not any(one.seen for one in files) and asked.given:
        deeper = _with_content(folder, below, assignment, asked)
        files += [one for one in deeper if any(one.seen for one in deeper)]
    worked = _worked_on(files, assignment)
    if not worked:
        files = _different(folder, files)
        chosen = _by_name(files, assignment)
        return _taken(chosen, files, files, assignment, ()) if chosen else _undecided(folder, files, assignment)
    if any(_OLD.search(one.name) for one in worked) and not all(_OLD.search(one.name) for one in files):
        worked = [one for one in worked if not _OLD.search(one.name)]
    if not worked:  # only files called old were worked on
        return _undecided(folder, files, assignment)
    chosen = _by_content(worked, assignment)
    if chosen is None:
        return _undecided(folder, worked, assignment)
    also = _left_to_others(chosen, worked)
    named = _closeness(chosen, assignment)[0] == 0
    if also is None and not named:
        return _undecided(folder, worked, assignment)
    return _taken(chosen, files, worked, assignment, also or ())


# --- candidates ----------------------------------------------------------------------------------------------------


def _visible(folder: Path) -> list[str]:
    """List the files at the top, sorted. Links are kept, for the reader to refuse by name."""
    names = (entry.name for entry in folder.iterdir() if not _is_own_folder(entry))
    return sorted(name for name in names if not name.startswith("."))


def _hidden(folder: Path) -> list[str]:
    """List dotfiles at the top that no system left behind, sorted."""
    names = (entry.name for entry in folder.iterdir() if not _is_own_folder(entry))
    return sorted(name for name in names if name.startswith(".") and not is_left_behind(name))


def _below(folder: Path) -> list[str]:
    """List the files in subfolders, as relative paths; folders made by tools are skipped."""
    found: list[str] = []
    entries = 0
    layer = [""]
    for _ in range(DEEPEST):
        deeper: list[str] = []
        for inside in layer:
            names = sorted(os.listdir(folder / inside))  # noqa: PTH208  names only, and of any bytes
            if "pyvenv.cfg" in names:
                continue
            for name in names:
                entries += 1
                if entries > MOST_ENTRIES:
                    return found
                if is_left_behind(name) or name.startswith("."):
                    continue
                path = f"{inside}/{name}" if inside else name
                if _is_own_folder(folder / path):
                    deeper.append(path)
                elif inside:
                    found.append(path)
        layer = deeper
    return sorted(found, key=lambda path: (path.count("/"), path))


def _is_own_folder(path: Path) -> bool:
    """Tell whether this is a folder, without following links."""
    return stat.S_ISDIR(path.lstat().st_mode)


def _candidates(folder: Path, names: Iterable[str]) -> list[Candidate]:
    """Return notebooks and scripts by their suffix; if there are none, data files that hold a notebook."""
    files = [Candidate(name) for name in names]
    real = [one for one in files if Path(one.base).suffix.lower() in SUFFIXES]
    if any(one.base != "__init__.py" for one in real):
        real = [one for one in real if one.base != "__init__.py"]
    data = [one for one in files if Path(one.base).suffix.lower() in (".json", ".txt")]
    return real or [one for one in data[:MOST_LOOKED_INTO] if holds_notebook(folder / one.name)]


def _with_content(folder: Path, found: Sequence[Candidate], assignment: str, asked: Asked) -> list[Candidate]:
    """Read the files' contents, those with the best names first."""
    names = [one.name for one in sorted(found, key=lambda one: _closeness(one, assignment))][:MOST_LOOKED_INTO]
    contents: dict[str, Content] = {}
    left = MOST_SCRIPT_BYTES
    for name in names:
        left -= (folder / name).lstat().st_size if name.endswith(".py") else 0
        contents[name] = content_of(folder / name, asked) if left >= 0 else Content()
    seen = {name: dict(content.done) for name, content in contents.items()}
    for _ in names:  # imports may be transitive
        for name, content in contents.items():
            for module, taken, called in content.froms:
                source = _beside(name, module)
                if source in seen and source != name and importable(f"{module}.py"):
                    _take(seen[name], seen[source], asked.names.get(taken, taken), asked.names.get(called, called))
    return [Candidate(name, content, seen[name]) for name, content in contents.items()]


def _take(seen: dict[str, str], source: Mapping[str, str], taken: str, called: str) -> None:
    """Add to `seen` what ``from source import taken as called`` imports."""
    for piece, text in list(source.items()):
        root, dot, method = piece.partition(".")
        if taken in ("*", root):
            seen.setdefault(piece if taken == "*" else f"{called}{dot}{method}", text)


def _beside(name: str, module: str) -> str:
    """Return the path of a module beside a file."""
    folder = name.rpartition("/")[0]
    return f"{folder}/{module}.py" if folder else f"{module}.py"


# --- names ------------------------------------------------------------------------------------------------------------


def _plain(stem: str) -> str:
    """Normalise a stem: case, Unicode form, spaces and dashes as underscores."""
    return re.sub(r"[\s_-]+", "_", unicodedata.normalize("NFC", stem).casefold()).strip("_")


def _is_close(one: Candidate, assignment: str) -> bool:
    """Tell whether a name differs from the wanted one only by spelling or by marks of a copy."""
    stem = _COPY_OF.sub("", one.stem)
    while _plain(stem) != _plain(assignment):
        shorter = _COPY.sub("", stem)
        if shorter == stem:
            return False
        stem = shorter
    return True


def _closeness(one: Candidate, assignment: str) -> tuple[int, int, tuple[int, int, str], str]:
    """Return a sort key: the right name, then close names with the last copy first, then others; notebooks first."""
    kind = SUFFIXES.index(one.suffix)
    if one.name.rpartition("/")[2] == f"{assignment}{one.suffix}":
        return (0, kind, (0, 0, ""), one.name)
    return (1 if _is_close(one, assignment) else 2, kind, _nearness(one.base), one.name)


def _nearness(base: str) -> tuple[int, int, str]:
    """Return a sort key for copies of one name: the last copy first, a Jupyter checkpoint last."""
    stem = Path(base).stem
    found = _COPY.search(stem)
    if found is None:
        return (0 if _COPY_OF.match(stem) else 1, 0, base)
    if found["checkpoint"]:
        return (3, 0, base)
    number = int(found["a"] or found["b"] or found["c"] or 0)
    return (0 if number else 2, -number, base)


def _version(one: Candidate) -> tuple[str, tuple[int, int, int]]:
    """Return a name without marks of versions and copies, and a key by which later versions are greater."""
    stem, number = _COPY_OF.sub("", one.stem), 0
    group, minus, _ = _nearness(one.base)
    while (shorter := _COPY.sub("", stem)) != stem:
        stem = shorter
    found = _VERSION.search(stem)
    if found is not None:
        number = 1000 if found["final"] else int(found["number"])
        stem = _VERSION.sub("", stem)
    return _plain(stem), (number, -group, -minus)


# --- deciding ---------------------------------------------------------------------------------------------------------


def _worked_on(files: Sequence[Candidate], assignment: str) -> list[Candidate]:
    """Return the files in which something is done, without duplicates, best names first."""
    kept: list[Candidate] = []
    mine = [one for one in files if one.seen]
    ours = [one for one in mine if one.content.declared in ("", assignment)]
    for one in sorted(ours or mine, key=lambda one: _closeness(one, assignment)):
        if not one.content.done or all(one.content.done != other.content.done for other in kept):
            kept.append(one)
    return kept


def _by_content(worked: Sequence[Candidate], assignment: str) -> Candidate | None:
    """Return the file that does the most; None if that is ambiguous."""
    named = [one for one in worked if _closeness(one, assignment)[0] == 0]
    named = named[:1] if len({one.suffix for one in named}) == len(named) else []
    pool = [one for one in worked if not named or one.seen.keys() > named[0].seen.keys()] or named
    best = [one for one in pool if not any(other.seen.keys() > one.seen.keys() for other in pool)]
    if all(one.seen.keys() == best[0].seen.keys() for one in best):
        return _of_equals(best, assignment)
    programs = _main_programs(best)
    if len(programs) == 1:
        return programs[0]
    most = max(len(one.names) for one in best)
    top = [one for one in best if len(one.names) == most]
    if len(top) == 1:
        return top[0]
    apart = sum(len(one.names) for one in top) == len(set().union(*(one.names for one in top)))
    return min(top, key=lambda one: _closeness(one, assignment)) if apart else None


def _of_equals(best: Sequence[Candidate], assignment: str) -> Candidate | None:
    """Choose among files in which the same pieces are done: the one that defines most itself, then by name."""
    most = max(len(one.content.done) for one in best)
    best = [one for one in best if len(one.content.done) == most]
    best = [one for one in best if one.content.declared] or best
    close = [one for one in best if _is_close(one, assignment)] or best
    close = sorted(close, key=lambda one: _closeness(one, assignment))
    if len(close) == 1:
        return close[0]
    if _is_close(close[0], assignment):
        level, next_level = ((*where[:2], where[2][:2]) for where in (_closeness(one, assignment) for one in close[:2]))
        return close[0] if level != next_level else None
    versions = {one.name: _version(one) for one in best}
    if len({base for base, _ in versions.values()}) > 1:
        return None
    last = max(version for _, version in versions.values())
    latest = [one for one in best if versions[one.name][1] == last]
    return latest[0] if len(latest) == 1 else None


def _left_to_others(chosen: Candidate, worked: Sequence[Candidate]) -> tuple[str, ...] | None:
    """Return lines that import what only other scripts define; None if that is impossible or ambiguous."""
    lenders = [one for one in worked if not one.content.done.keys() <= chosen.seen.keys()]
    lenders = [one for one in lenders if not any(one.content.done.keys() < two.content.done.keys() for two in lenders)]
    have = set(chosen.content.names) | chosen.names
    lent: dict[str, str] = {}
    lines = []
    for one in lenders:
        missing = {piece: text for piece, text in one.content.done.items() if piece not in chosen.seen}
        roots = {piece.partition(".")[0] for piece in missing}
        folder, _, base = one.name.rpartition("/")
        if roots & chosen.names or folder != chosen.name.rpartition("/")[0] or not importable(base):
            return None
        if any(lent.get(piece, text) != text for piece, text in missing.items()):
            return None
        names = [called for name, called in one.content.names.items() if name in roots or name not in have]
        lines.append(f"from {base.removesuffix('.py')} import {', '.join(sorted(names))}")
        have |= set(one.content.names)
        lent |= missing
    return tuple(lines)


def _by_name(files: Sequence[Candidate], assignment: str) -> Candidate | None:
    """Choose by names, metadata and imports, where no file has anything that is asked for."""
    if _closeness(files[0], assignment)[0] < 2:
        return files[0]
    for suffix in SUFFIXES:
        having = [one for one in files if one.suffix == suffix]
        ours = [one for one in having if one.content.declared == assignment]
        for some in (ours, having, _main_programs(having)):
            if len(some) == 1:
                return some[0]
        if having:
            return None
    return None


def _different(folder: Path, files: Sequence[Candidate]) -> list[Candidate]:
    """Return the files without byte-for-byte duplicates."""
    kept: dict[object, Candidate] = {}
    for one in files:
        try:
            data = read_regular(folder / one.name, MOST_COMPARED)
        except (RefusedFile, OSError):
            data = b""
        kept.setdefault(hashlib.sha256(data).digest() if data else one.name, one)
    return list(kept.values())


def _main_programs(scripts: Sequence[Candidate]) -> list[Candidate]:
    """Return the scripts that import all others, directly or not."""
    every = {one.name for one in scripts}
    direct = {one.name: {_beside(one.name, m) for m in one.content.modules} & every - {one.name} for one in scripts}
    programs = []
    for one in scripts:
        reached, new = {one.name}, [one.name]
        while new:
            new = sorted(set().union(*(direct[name] for name in new)) - reached)
            reached |= set(new)
        if reached == every:
            programs.append(one)
    return programs


# --- remarks -----------------------------------------------------------------------------------------------------


def _undecided(folder: Path, files: Sequence[Candidate], assignment: str) -> Choice:
    """Leave the choice among `files` to a person."""
    names = [one.name for one in files]
    wanted = f"{assignment}{files[0].suffix}"
    return Choice(
        problem=f"{folder}: which file is to be graded? {listed(names)}: give it the name {wanted}, or take the others "
        "away, and grade again.",
        told=Text(
            "Several of your files could be the one to grade: {names}. Staff will choose; "
            "next time hand in one file, {wanted}.",
            names=listed(names),
            wanted=wanted,
        ),
        unread=True,
    )


def _taken(
    chosen: Candidate,
    files: Sequence[Candidate],
    worked: Sequence[Candidate],
    assignment: str,
    also: tuple[str, ...],
) -> Choice:
    remarks = _remarks(chosen, files, worked, f"{assignment}{chosen.suffix}", also)
    return Choice(chosen.name, also=also, remarks=remarks)


def _remarks(
    chosen: Candidate, files: Sequence[Candidate], worked: Sequence[Candidate], wanted: str, also: tuple[str, ...]
) -> tuple[Remark, ...]:
    """Say why a file was taken, unless its name says it."""
    used = {chosen.name, *(_beside(chosen.name, line.split()[1]) for line in also)}
    for _ in files:
        used |= {_beside(one.name, module) for one in files if one.name in used for module in one.content.modules}
    rivals = [one for one in files if one.name not in used and not _says_the_same(one, chosen)]
    remarks = []
    if chosen.name != wanted or any(one in worked and one.content.done for one in rivals):
        remarks.append(_why(chosen, files, rivals, wanted))
    if also:
        remarks.append(_with_others(chosen.name, also))
    return tuple(remarks)


def _says_the_same(one: Candidate, chosen: Candidate) -> bool:
    """Tell whether a file does the same as the chosen one, or is a script with nothing that is asked for."""
    if not chosen.seen:
        return False
    return one.content.done == chosen.content.done or (one.suffix == ".py" and not one.content.names)


def _why(chosen: Candidate, files: Sequence[Candidate], rivals: Sequence[Candidate], wanted: str) -> Remark:
    assignment, names = wanted.rpartition(".")[0], [one.name for one in rivals]
    if chosen.seen and (names or chosen.suffix == ".py"):
        return _most(chosen.name, names, wanted)
    if _is_close(chosen, assignment) and "/" not in chosen.name:
        return _misnamed(chosen.name, wanted, [one.name for one in rivals if _is_close(one, assignment)])
    if "/" in chosen.name:
        return _deeper(chosen.name, wanted)
    notebooks = [one for one in files if one.suffix == ".ipynb"]
    if len(notebooks) > 1 and chosen in notebooks:
        return _released(chosen.name, wanted, [one.name for one in notebooks if one is not chosen])
    if chosen.suffix == ".py" and names:
        return _most(chosen.name, names, wanted)
    return _only(chosen.name, wanted)


def _most(name: str, others: Sequence[str], wanted: str) -> Remark:
    name = shown(name)
    if not others:
        return Remark(
            Text(
                "Of your files, {name} was graded, for what it holds; next time name it {wanted}.",
                name=name,
                wanted=wanted,
            ),
            f"{name} was taken, for what it holds",
        )
    return Remark(
        Text(
            "Of your files, {name} was graded, for what it holds and for its name; not {others}. "
            "Next time hand in one file, {wanted}.",
            name=name,
            others=listed(others),
            wanted=wanted,
        ),
        f"{name} was taken, for what it holds and for its name; not {listed(others)}",
    )


def _with_others(name: str, also: Sequence[str]) -> Remark:
    name, lines = shown(name), "; ".join(also)
    return Remark(
        Text("After {name} this was run, for what stands in your other files: {lines}.", name=name, lines=lines),
        f"run after {name}: {lines}",
    )


def _deeper(name: str, wanted: str) -> Remark:
    name = shown(name)
    return Remark(
        Text(
            "Your file was found inside a folder, as {name}. Next time hand in the file itself, {wanted}.",
            name=name,
            wanted=wanted,
        ),
        f"{name} was taken, from inside a folder",
    )


def _misnamed(name: str, wanted: str, others: Sequence[str]) -> Remark:
    name = shown(name)
    if not others:
        return Remark(
            Text(
                "Your file is named {name}. It was taken all the same; next time name it {wanted}.",
                name=name,
                wanted=wanted,
            ),
            f"{name} was taken: only its name differs from {wanted}",
        )
    return Remark(
        Text(
            "Of several copies, {name} was taken, as the last one; not {others}. Hand in one file, {wanted}.",
            name=name,
            others=listed(others),
            wanted=wanted,
        ),
        f"{name} was taken, as the last copy of {wanted}; not {listed(others)}",
    )


def _released(name: str, wanted: str, others: Sequence[str]) -> Remark:
    name = shown(name)
    return Remark(
        Text(
            "{name} was taken: of your notebooks, only it was made from the assignment's; not {others}. "
            "Hand in one file, {wanted}.",
            name=name,
            others=listed(others),
            wanted=wanted,
        ),
        f"{name} was taken: the only one that says it was made from {wanted}; not {listed(others)}",
    )


def _only(name: str, wanted: str) -> Remark:
    name, what = shown(name), Text("notebook") if wanted.endswith(".ipynb") else Text("script")
    return Remark(
        Text(
            "Your file is named {name}. It was taken as your only {what}; next time name it {wanted}.",
            name=name,
            what=what,
            wanted=wanted,
        ),
        f"{name} was taken: the only {what}; expected {wanted}",
    )
