"""Read the wheats and chaffs of an assignment.

A wheat is a right submission: a file in ``wheats/``, or a folder there with companions, in which the file to grade is
chosen as a student's is. It loses nothing, or exactly what its header says.

A chaff is one mistake: a file in ``chaffs/`` that holds only the definitions that differ from ``wheats/plain.py``. Its
docstring describes the mistake, and a line ``# loses: mse.dyhat, train_batch.p1 (3)`` says what it costs: whole items,
or the points in brackets. A line ``# mistake: sign`` labels it with the keys that are true of it; see
`gradjudge.authoring.verify.naming`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from gradjudge.course.hand_in.choice import choose
from gradjudge.course.layout import Course
from gradjudge.course.rubric import Assignment
from gradjudge.errors import CourseError

BASE = "plain.py"
_LOSES = re.compile(r"#\s*loses:(.*)")
_MISTAKE = re.compile(r"^#\s*mistake:(.*)$", re.MULTILINE)
_ITEM = re.compile(r"\s*([A-Za-z0-9_.]+)\s*(?:\(([0-9.]+)\))?\s*")


class Case(msgspec.Struct, frozen=True):
    """A submission and the points that it must lose.

    Attributes:
        name: of the file or folder, without suffix.
        kind: ``"wheat"`` or ``"chaff"``.
        why: first line of its docstring.
        main: name of the file to grade.
        files: all files by name, `main` among them.
        loses: points lost, by item.
        mistakes: its labels: keys of the mistake.
    """

    name: str
    kind: str
    why: str
    main: str
    files: dict[str, str]
    loses: dict[str, float]
    mistakes: tuple[str, ...] = ()

    def write(self, folder: Path) -> Path:
        """Write the files into a folder; return the path of the one to grade."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in self.files.items():
            (folder / name).write_text(text, encoding="utf-8")
        return folder / self.main


def read_corpus(course: Course, assignment: Assignment) -> list[Case]:
    """Return the wheats and then the chaffs of an assignment, each sorted by name.

    Raises:
        CourseError: a chaff does not say what it loses, names an unknown item, has an empty label, or does not parse.
    """
    return [*_wheats(course, assignment), *_chaffs(course, assignment)]


def _wheats(course: Course, assignment: Assignment) -> Iterator[Case]:
    for path in sorted(course.wheats(assignment.name).iterdir()):
        if path.is_dir():
            files = {file.name: file.read_text(encoding="utf-8") for file in sorted(path.iterdir()) if file.is_file()}
        elif path.suffix in (".py", ".ipynb"):
            files = {f"{assignment.name}{path.suffix}": path.read_text(encoding="utf-8")}
        else:
            continue
        main = next((name for name in files if Path(name).stem == assignment.name), None)
        main = main or _chosen(course, path, assignment)
        text = files[main]
        yield Case(path.stem, "wheat", _why(text), main, files, _loses(path, text, assignment, required=False))


def _chosen(course: Course, folder: Path, assignment: Assignment) -> str:
    choice = choose(folder, assignment.name, lambda: course.asked(assignment.name))
    if choice.file is None or choice.also:
        raise CourseError(f"{folder}: which file is to be graded? Name it {assignment.name}.py or .ipynb.")
    return choice.file


def _chaffs(course: Course, assignment: Assignment) -> Iterator[Case]:
    base = (course.wheats(assignment.name) / BASE).read_text(encoding="utf-8")
    for path in sorted(course.chaffs(assignment.name).glob("*.py")):
        change = path.read_text(encoding="utf-8")
        loses = _loses(path, change, assignment, required=True)
        try:
            text = overridden(base, change)
        except SyntaxError as error:
            raise CourseError(f"{path}, line {error.lineno}: {error.msg}.") from error
        main = f"{assignment.name}.py"
        yield Case(path.stem, "chaff", _why(change), main, {main: text}, loses, _mistakes(path, change))


def overridden(base: str, change: str) -> str:
    """Return the source `base` with definitions replaced by those of the same name in `change`.

    New definitions go before the first one of `base`, in order.

    Raises:
        SyntaxError: one of the two does not parse.
    """
    # Not splitlines(), which also splits at form feeds in strings.
    changes = [node for node in ast.parse(change).body if not _is_docstring(node)]
    by_name = {name: node for node in changes for name in _names(node)}
    lines, pieces, used = base.split("\n"), list[str](), set[ast.stmt]()
    nodes = ast.parse(base).body
    first = next(i for i, node in enumerate(nodes) if isinstance(node, ast.FunctionDef | ast.ClassDef))
    mine = {name for node in nodes for name in _names(node)}
    new = [node for node in changes if not any(name in mine for name in _names(node))]
    for place, node in enumerate(nodes):
        if place == first:
            pieces += [_segment(change.split("\n"), extra) for extra in new]
        replacement = next((by_name[name] for name in _names(node) if name in by_name), None)
        if replacement is None:
            pieces.append(_segment(lines, node))
        elif replacement not in used:
            used.add(replacement)
            pieces.append(_segment(change.split("\n"), replacement))
    return "\n\n\n".join(pieces) + "\n"


def _names(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Assign):
        return [name.id for target in node.targets for name in ast.walk(target) if isinstance(name, ast.Name)]
    return []


def _segment(lines: list[str], node: ast.stmt) -> str:
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
    return "\n".join(lines[first - 1 : node.end_lineno])


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _why(text: str) -> str:
    try:
        doc = ast.get_docstring(ast.parse(text)) or ""
    except SyntaxError:
        return ""
    return doc.strip().partition("\n")[0]


def _mistakes(path: Path, text: str) -> tuple[str, ...]:
    found = _MISTAKE.search(text)
    keys = tuple(key.strip() for key in found.group(1).split(",")) if found else ()
    if not all(keys):
        raise CourseError(f"{path}: the line '# mistake: KEY, KEY' has an empty key.")
    return keys


def _loses(path: Path, text: str, assignment: Assignment, *, required: bool) -> dict[str, float]:
    found = _LOSES.search(text)
    if found is None:
        if required:
            raise CourseError(f"{path}: no line '# loses: ITEM, ITEM (POINTS)' says what this mistake costs.")
        return {}
    loses: dict[str, float] = {}
    for entry in found.group(1).split(","):
        item = _ITEM.fullmatch(entry)
        if item is None:
            raise CourseError(f"{path}: '{entry.strip()}' is no item, nor an item with points in brackets.")
        points = assignment.item(item.group(1)).points
        loses[item.group(1)] = float(item.group(2)) if item.group(2) else points
    return loses
