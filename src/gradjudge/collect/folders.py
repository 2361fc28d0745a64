"""Find the students in an archive of no known platform, by the names of its folders. Either it has

* one folder or archive per student (nbgrader's ``STUDENT/ASSIGNMENT/`` too), perhaps below common folders, or
* one student's own files, in folders of any names.

Both look alike if the folders are not named like people. In doubt the source is refused with advice for staff: never
shall one student get the work of a class.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, tzinfo

from gradjudge.collect.archives import is_archive
from gradjudge.collect.owners import Claim, Layout, is_work, named, one_student, stem_of, versioned, without_wrapper
from gradjudge.collect.platforms import GRADESCOPE, platform_of
from gradjudge.errors import CourseError

Path = tuple[str, ...]

_WORDS = """
    abgaben all archive archives assets assignment assignments backup bin build code config copie copies
    correction corrections corrige data dataset datasets dist doc docs documentation downloads drafts drive
    entrega entregas example examples export fig figs figure figures files homework html image images img
    includes lib libs log logs misc model models module modules new notebook notebooks notes old original
    output outputs package packages pdf pictures plots previous private project public rapport rapports
    release rendu rendus report reports resources result results run runs sample samples script scripts shared
    solution solutions source sources src submission submissions submitted test tests tmp tp util utils work
    working
"""
#: Usual names of folders, which are hardly ever people's.
NOT_A_PERSON = frozenset(_WORDS.split())
_PART = re.compile(
    r"(v|version|versión|part|partie|ex|exo|exercice|exercise|attempt|try|essai|step)[ _-]*\d+", re.IGNORECASE
)
_DOCUMENTS = (".pdf", ".doc", ".docx", ".odt", ".rtf", ".html", ".htm")
_BRANCH = re.compile(r"-(main|master)$", re.IGNORECASE)


class Undecided(CourseError):
    """The owners of a source's files cannot be told from its names."""


def layout_of(
    paths: Sequence[Path], *, assignment: str, stem: str, zone: tzinfo = UTC, unrelated: Sequence[str] = ()
) -> Layout:
    """Return the layout of an archive or folder that holds files at these paths.

    Args:
        stem: name of the archive or folder: the student's, if everything is one student's.
        zone: of times in names.
        unrelated: scripts in one folder that do not import each other.

    Raises:
        Undecided: the owners cannot be told from the names.
    """
    works = [path for path in paths if is_work(path[-1])] or list(paths)
    for depth in range(without_wrapper(works) + 1):
        layout = platform_of([path for path in paths if path[:depth] == works[0][:depth]], depth, zone)
        if layout is not None:
            return _below(works[0][:depth], layout)
    return _Folders(paths, works, assignment, stem, unrelated).layout()


def _below(wrapper: Path, layout: Layout) -> Layout:
    """Apply a layout below these folders; what lies elsewhere is nobody's."""
    depth = len(wrapper)
    return lambda parts: layout(parts[depth:]) if parts[:depth] == wrapper and len(parts) > depth else None


class _Folders:
    """The folders of one source."""

    def __init__(
        self, paths: Sequence[Path], works: Sequence[Path], assignment: str, stem: str, unrelated: Sequence[str]
    ) -> None:
        self._paths, self._works, self._assignment, self._stem, self._unrelated = (
            paths,
            works,
            assignment,
            stem,
            sorted(unrelated),
        )
        self._lab = re.match(r"([A-Za-z]+)[ _-]*(\d+)", assignment)
        self._inside = _tree(paths)
        self._working = _tree(works)
        self._writing = _tree([path for path in works if path[-1].lower().endswith(".ipynb")])
        self._telling = _tree([path for path in paths if path[-1].lower().endswith(_DOCUMENTS)])
        self._packages = {path[:-1] for path in paths if path[-1] == "__init__.py"}

    def layout(self) -> Layout:
        """Descend to where folders branch, and decide there."""
        top: Path = ()
        while not (loose := [path[-1] for path in self._works if path[:-1] == top]):
            kids = self._working[top]
            if len(kids) > 1 or not all(self._is_generic(other) for other in self._inside[top] - kids):
                return self._branching(top)
            top = (*top, *kids)
        return self._with_loose(top, loose)

    def _is_lab(self, name: str) -> bool:
        """Tell whether a folder is named like this assignment or a sibling (``tp1``, ``tp2``)."""
        found = re.match(r"([A-Za-z]+)[ _-]*(\d+)", name)
        if found is None or self._lab is None or found[1].lower() != self._lab[1].lower():
            return name == self._assignment
        return found[0] == name or name == self._assignment or found[2] != self._lab[2]

    def _is_generic(self, name: str) -> bool:
        """Tell whether a folder of this name is unlikely to be a student's."""
        usual = name.lower() in NOT_A_PERSON or _PART.fullmatch(name) is not None
        return usual or name.startswith((".", "_")) or self._is_lab(name)

    def _people(self, top: Path, kids: set[str]) -> list[str]:
        return sorted(kid for kid in kids if not self._is_generic(kid) and (*top, kid) not in self._packages)

    def _writers(self, top: Path) -> list[str]:
        """Return the subfolders that look like students' and hold notebooks."""
        return self._people(top, self._writing.get(top, set()))

    def _with_loose(self, top: Path, loose: Sequence[str]) -> Layout:
        archives = [name for name in loose if is_archive(name)]
        kids = self._working.get(top, set())
        if len(archives) == len(loose) and (len(archives) + len(self._people(top, kids)) > 1 or not (top or kids)):
            return _below(top, self._by_folder)
        notebooks = [name for name in loose if name.lower().endswith(".ipynb")]
        for doubtful in (notebooks, archives, self._unrelated):
            if len(doubtful) > 1:
                raise self._doubt(sorted(doubtful))
        return self._one(top)

    def _branching(self, top: Path) -> Layout:
        """Return the layout where several folders lie side by side, with no work beside them."""
        kids = self._working[top]
        people = self._people(top, kids)
        silent = self._people(top, self._telling.get(top, set()) - kids)
        if not people or any(self._is_lab(kid) for kid in kids) or len(people) + len(silent) < 2:
            return self._one(top)
        if len(people) < 2 and top:
            raise self._doubt([f"{kid}/" for kid in sorted([*people, *silent])])
        groups = [kid for kid in people if len(self._writers((*top, kid))) > 1]
        if 2 * len(groups) >= len(people):
            raise self._doubt([f"{groups[0]}/{kid}/" for kid in self._writers((*top, groups[0]))])
        if all(GRADESCOPE.fullmatch(kid) for kid in people):
            raise Undecided(
                f"{self._stem}: {people[0]} is a number of Gradescope, no name. Collect the export as it was "
                "downloaded, with its submission_metadata.yml, or say how to name the students with --pattern."
            )
        return _below(top, lambda parts: self._by_folder(parts, groups))

    def _one(self, top: Path) -> Layout:
        """Return the layout of one student's files, named after the first folder that looks like a person."""
        for folder in sorted(self._writing):
            if folder[: len(top)] == top and len(writers := self._writers(folder)) > 1:
                raise self._doubt(["/".join((*folder[len(top) :], kid)) + "/" for kid in writers])
        people = [depth for depth, name in enumerate(top) if not self._is_generic(name)]
        base = people[0] if people else -1
        if self._assignment in top:
            base = top.index(self._assignment) - 1
        elif len(people) > 1 and any(
            len(path) == depth and path[:-1] == top[: depth - 1]
            for path in self._paths
            for depth in range(people[0] + 2, people[-1] + 2)
        ):
            raise self._doubt(["/".join(top[: depth + 1]) + "/" for depth in people])
        if base < 0:
            return one_student(self._stem)
        return _below(top[:base], lambda parts: self._by_folder(parts) if parts[0] == top[base] else None)

    def _by_folder(self, parts: Path, groups: Sequence[str] = ()) -> Claim | None:
        if len(parts) == 1:
            return Claim(named(stem_of(parts[0])), parts) if is_archive(parts[0]) else None
        if self._is_generic(parts[0]):
            return None
        inside, attempt = versioned(parts[2:] if len(parts) > 2 and parts[1] == self._assignment else parts[1:])
        doubt = f"{parts[0]} has several folders with notebooks: whose are they?" if parts[0] in groups else ""
        return Claim(named(parts[0], self._shown(parts[0])), inside, attempt=attempt, doubt=doubt)

    def _shown(self, folder: str) -> str:
        """Return the student's name in a GitHub archive such as ``lab1-ada-main``."""
        name = _BRANCH.sub("", folder)
        for prefix in (self._assignment, self._assignment.replace("_", "-"), self._lab[0] if self._lab else ""):
            if prefix and name.lower().startswith(f"{prefix.lower()}-"):
                name = name[len(prefix) + 1 :]
        return folder if not name or self._is_generic(name) else name

    def _doubt(self, names: Sequence[str]) -> Undecided:
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        return Undecided(
            f"{self._stem}: {', '.join(names[:3])}{more}: whose are they? If all are one student's, say --student "
            "NAME; if their names say whose they are, say how with --pattern."
        )


def _tree(paths: Sequence[Path]) -> dict[Path, set[str]]:
    """Return the subfolders of each folder above these files."""
    found: dict[Path, set[str]] = {(): set()}
    for path in paths:
        for depth in range(len(path) - 1):
            found.setdefault(path[:depth], set()).add(path[depth])
    return found
