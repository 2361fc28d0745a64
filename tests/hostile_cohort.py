"""Read the cases of ``tests/hostile/`` and write the cohort in which they are graded, with planted secrets."""

from __future__ import annotations

import ast
import importlib.util
import shutil
import tomllib
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace
from small_course import notebook

from gradjudge.reports.record import Report, verdict_bytes
from gradjudge.reports.views import public_view

HERE = Path(__file__).parent / "hostile"
#: What every secret that is planted somewhere starts with.
CANARY = "canary-of-"
#: An input of the hidden tests of the attacked course.
INPUT = "8675.309"
ASSIGNMENT = "lab"
#: Points of the automatic items of the attacked course.
POINTS = {"double": 3.0, "square": 4.0, "follow": 2.0, "train": 6.0}
_NOT_HANDED_IN = ("case.toml", "cells.py", "build.py", "__pycache__")


class Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One hostile or unlucky submission; ``tests/hostile/README.md`` says what the fields mean."""

    does: str
    items: dict[str, str] = {}
    points: dict[str, float] = {}
    cells: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    says: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    off: tuple[str, ...] = ()
    family: str = ""
    name: str = ""

    @property
    def student(self) -> str:
        """The name of the student who hands it in."""
        return f"{self.family}-{self.name}"

    @property
    def folder(self) -> Path:
        """Where it is kept."""
        return HERE / "cases" / self.family / self.name


def read_cases() -> list[Case]:
    """Return all cases, by family and name."""
    cases = []
    for file in sorted(HERE.glob("cases/*/*/case.toml")):
        said = tomllib.loads(file.read_text(encoding="utf-8"))
        place = {"family": file.parent.parent.name, "name": file.parent.name}
        try:
            cases.append(msgspec.convert(said | place, Case))
        except msgspec.ValidationError as error:
            raise ValueError(f"{file}: {error}") from error
    return cases


def right() -> str:
    """Return the right solution, without its docstring."""
    text = (HERE / "right.py").read_text(encoding="utf-8")
    docstring = ast.parse(text).body[0]
    return "\n".join(text.splitlines()[docstring.end_lineno :]).strip() + "\n"


def departures(case: Case, report: Report) -> list[str]:
    """Return how a report differs from what a case must get."""
    auto = {name: item for name, item in report.verdict.items.items() if item.kind == "auto"}
    states = {name: item.state for name, item in auto.items() if item.state != "passed"}
    found = []
    if states != case.items:
        found.append(f"states {states}, expected {case.items}; {report.run.checks}")
    points = {name: item.points for name, item in auto.items()}
    due = POINTS | dict.fromkeys(case.items, 0.0) | case.points
    if points != due:
        found.append(f"points {points}, expected {due}")
    cells = tuple(cell.state for cell in report.verdict.cells)
    if cells != case.cells:
        found.append(f"cells {cells}, expected {case.cells}; {report.run.output}")
    notes = tuple(note["en"] for note in report.verdict.notes)
    if len(notes) != len(case.notes) or any(words not in note for words, note in zip(case.notes, notes, strict=True)):
        found.append(f"notes {notes}, expected {case.notes}")
    shown = msgspec.json.encode([public_view(report, "en"), public_view(report, "fr")]).decode()
    found += [f"the student does not read {words!r}" for words in case.says if words not in shown]
    verdict = replace(report.verdict, key="", submission="")  # digests, which may contain any digits
    shown += verdict_bytes(replace(report, verdict=verdict)).decode()
    found += [f"the student reads {words!r}" for words in (INPUT, "Traceback", *case.never) if words in shown]
    if CANARY in msgspec.json.encode(report).decode():
        found.append("a secret came back")
    return found


class Places(msgspec.Struct, frozen=True):
    """Folders of one attacked cohort, all under the test's own.

    Attributes:
        course: with hidden tests, rubric and solution.
        home: of whoever grades.
        temporary: for temporary files.
        submitted: all submissions.
    """

    course: Path
    home: Path
    temporary: Path
    submitted: Path

    @classmethod
    def make(cls, root: Path) -> Places:
        """Write a course and a home folder, with a secret in each file."""
        places = cls(root / "course", root / "home", root / "tmp", root / "submitted")
        shutil.copytree(HERE / "course", places.course)
        (places.course / "solutions").mkdir()
        (places.course / "solutions/lab.py").write_text(f"CANARY = '{CANARY}the-solution'\n{right()}")
        (places.home / ".ssh").mkdir(parents=True)
        (places.home / ".ssh/id_ed25519").write_text(f"{CANARY}the-home-folder\n")
        (places.home / ".netrc").write_text(f"{CANARY}the-home-folder\n")
        places.temporary.mkdir()
        honest = places.submitted / "a-neighbour" / ASSIGNMENT
        honest.mkdir(parents=True)
        (honest / "lab.py").write_text(f"CANARY = '{CANARY}another-submission'\n{right()}")
        return places

    def filled(self, text: str) -> str:
        """Fill the right solution and the folders into a text of a case."""
        lines = [right() if line.strip() == "#right" else line for line in text.split("\n")]
        text = "\n".join(lines)
        for word, folder in (("COURSE", self.course), ("HOME", self.home), ("SUBMITTED", self.submitted)):
            text = text.replace(f"@{word}@", str(folder))
        return text

    def hand_in(self, case: Case) -> Path:
        """Write a case's submission; return its folder."""
        folder = self.submitted / case.student / ASSIGNMENT
        folder.mkdir(parents=True)
        for entry in sorted(case.folder.iterdir()):
            if entry.name in _NOT_HANDED_IN:
                continue
            if entry.is_dir():
                shutil.copytree(entry, folder / entry.name)
            elif entry.suffix == ".py":
                (folder / entry.name).write_text(self.filled(entry.read_text(encoding="utf-8")), encoding="utf-8")
            else:
                shutil.copy(entry, folder / entry.name)
        if (case.folder / "cells.py").exists():
            cells = self.filled((case.folder / "cells.py").read_text(encoding="utf-8")).split("# %%\n")
            (folder / "lab.ipynb").write_text(notebook(*(cell.strip("\n") for cell in cells if cell.strip())))
        if (case.folder / "build.py").exists():
            _build(case.folder / "build.py")(folder)
        return folder

    def hand_in_honest(self) -> list[str]:
        """Write the honest submissions; return the names of all honest students."""
        for file in sorted((HERE / "honest").iterdir()):
            folder = self.submitted / f"honest-{file.stem}" / ASSIGNMENT
            folder.mkdir(parents=True)
            text = self.filled(file.read_text(encoding="utf-8"))
            if "# %%\n" in text:
                (folder / "lab.ipynb").write_text(notebook(*(cell.strip("\n") for cell in text.split("# %%\n"))))
            else:
                (folder / "lab.py").write_text(text)
        return sorted(folder.name for folder in self.submitted.iterdir())


def _build(file: Path) -> Any:
    """Load a case's ``build(folder)``: our own code, which runs here."""
    spec = importlib.util.spec_from_file_location("build", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.build
