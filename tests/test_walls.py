"""The import walls: which folder may import which. The trust boundary is a process and an import boundary."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import gradjudge

PACKAGE = Path(gradjudge.__file__).parent

#: For each folder and top-level module: what it may import of gradjudge, and third-party packages. A folder stands for
#: its own modules, without subfolders. Later entries import earlier ones, never the reverse.
WALLS: dict[str, tuple[str, str]] = {
    "errors": ("", ""),
    "text": ("", "babel"),
    "files": ("text", ""),
    "wire": ("", "msgspec torch"),
    # the jailed side
    "session/jail": ("wire", ""),
    "session/answer": ("wire", "torch numpy"),
    "session/run": (
        "wire session/jail session/answer",
        "msgspec torch numpy IPython matplotlib_inline traitlets typing_extensions sklearn sympy tensorboard joblib",
    ),
    # the trusted side
    "sandbox": ("wire errors", "msgspec"),
    "course/hand_in": ("course.rubric text files", "msgspec"),
    "course": ("course/hand_in errors text files", "msgspec"),
    "reports": ("course course/hand_in text files", "msgspec rich"),
    "judge/proxy": ("wire text", "msgspec torch"),
    "judge/source": ("wire judge/proxy course/hand_in text", "msgspec"),
    "judge": (
        "wire sandbox course course/hand_in reports judge/proxy judge/source errors text files",
        "msgspec torch pytest _pytest sympy",
    ),
    "checks": ("wire judge/proxy judge/source checks/functions course text", "msgspec torch"),
    "checks/functions": ("wire judge/proxy checks text", "msgspec torch"),
    "checks/modules": ("judge/proxy checks checks/functions text", "torch"),
    "checks/training": ("wire judge/proxy checks checks/modules text", "msgspec torch"),
    "checks/micrograd": ("judge/proxy checks text", "msgspec torch"),
    "cohort": (
        "wire sandbox course course/hand_in reports judge.jobs errors text files",
        "msgspec torch",  # torch only to look for a GPU
    ),
    "collect": ("course/hand_in errors text files", "msgspec yaml"),
    "authoring/release": (
        "cohort course judge.jobs reports sandbox.meter errors text files",
        "msgspec nbclient nbformat nbgrader traitlets",
    ),
    "authoring/verify": (
        "authoring/release cohort course course/hand_in judge.jobs reports errors files",
        "msgspec rich tomlkit",
    ),
    "cli": (
        "authoring/release authoring/verify cohort collect course course/hand_in judge.jobs reports sandbox.doctor "
        "errors files",
        "msgspec rich typer",
    ),
}

#: Third-party packages that the texts which checks send to a session may import.
TEXTS = {"torch", "tensorboard"}

#: Slow packages, which the modules of `QUICK` must not import.
SLOW = ("torch", "nbgrader", "nbformat", "nbconvert", "sklearn", "IPython", "pytest", "babel")
QUICK = (
    "gradjudge.cli",
    "gradjudge.collect.collecting",
    "gradjudge.cohort.runs",
    "gradjudge.cohort.supervisor",
    "gradjudge.course.layout",
    "gradjudge.course.rubric_file",
)

#: Modules with a counterpart of the same name on the other side of the wire.
BOTH_SIDES = {"zygote", "failures", "causes"}


def module_of(file: Path) -> str:
    """Return a module's dotted name without ``gradjudge``."""
    return ".".join(file.relative_to(PACKAGE).with_suffix("").parts).removesuffix("__init__").rstrip(".")


def texts() -> list[Path]:
    """Return the texts that are sent to a session, those of labs included."""
    return [*PACKAGE.rglob("*_session.py"), *(PACKAGE.parents[1] / "autograder").glob("*/session.py")]


MODULES = {module_of(file): file for file in sorted(PACKAGE.rglob("*.py")) if file not in texts()}


def folder_of(module: str) -> str:
    """Return the folder of a module, or the module itself at the top level."""
    file = MODULES[module]
    return "/".join(file.relative_to(PACKAGE).parts[:-1]) or module


def imports(file: Path) -> Iterator[str]:
    """Yield the dotted names that a module imports, also inside functions."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative imports would hide a wall"
            for alias in node.names:
                inside = f"{node.module}.{alias.name}"
                yield inside if inside.removeprefix("gradjudge.") in MODULES else str(node.module)


def ours(file: Path) -> set[str]:
    """Return the modules of gradjudge that a module imports."""
    found = {name.removeprefix("gradjudge.") for name in imports(file) if name.startswith("gradjudge.")}
    return found & set(MODULES)


def others(file: Path) -> set[str]:
    """Return the third-party packages that a module imports."""
    return {name.partition(".")[0] for name in imports(file)} - set(sys.stdlib_module_names) - {"gradjudge"}


def test_there_is_no_folder_without_a_wall() -> None:
    """Nor a top-level module; and there is no wall without a folder."""
    folders = {folder_of(module) for module, file in MODULES.items() if module and ast.parse(file.read_text()).body[1:]}
    assert folders == set(WALLS)


@pytest.mark.parametrize("folder", WALLS)
def test_a_folder_imports_only_what_its_walls_allow(folder: str) -> None:
    """The untrusted side reaches nothing trusted, and small folders stay small."""
    own, foreign = (set(allowed.split()) for allowed in WALLS[folder])
    for module, file in MODULES.items():
        if module and folder_of(module) == folder:
            beyond = {name for name in ours(file) if name not in own and folder_of(name) not in {*own, folder}}
            assert not beyond, f"{module}: {beyond}"
            assert others(file) <= foreign, module


def test_nobody_imports_upward() -> None:
    """A folder builds on those before it in the table; only the door of `gradjudge.checks` opens on what is in it."""
    order = list(WALLS)
    upward = {
        (room, other)
        for room, (allowed, _) in WALLS.items()
        for other in allowed.split()
        if other in WALLS and order.index(other) >= order.index(room)
    }
    assert upward == {("checks", "checks/functions")}


def test_imports_have_no_cycles() -> None:
    """Modules can be read bottom-up."""
    TopologicalSorter({module: ours(file) - {module} for module, file in MODULES.items()}).prepare()


def test_names_are_unique() -> None:
    """One name, one thing: modules, and top-level classes."""
    stems = Counter(file.stem for file in MODULES.values() if file.stem not in ("__init__", "__main__"))
    assert {stem for stem, count in stems.items() if count > 1} <= BOTH_SIDES
    classes: defaultdict[str, list[str]] = defaultdict(list)
    for module, file in MODULES.items():
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef):
                classes[node.name].append(module)
    assert {name: modules for name, modules in classes.items() if len(modules) > 1} == {}


def test_labs_import_only_checks() -> None:
    """`gradjudge.checks` is public to labs; everything else may change."""
    for file in sorted((PACKAGE.parents[1] / "autograder").glob("*/*.py")):
        reached = {name for name in imports(file) if name.startswith("gradjudge")}
        assert all(name.startswith("gradjudge.checks") for name in reached), f"{file}: {reached}"


def test_a_text_for_the_session_imports_nothing_of_ours() -> None:
    """It runs in a session, where there are neither checks nor proxies."""
    assert len(texts()) >= 5
    for file in texts():
        assert others(file) <= TEXTS, file
        assert "gradjudge" not in file.read_text(encoding="utf-8"), file


#: Names in a course's folder; `PLAIN` are those that are words of other things, too.
LAYOUT = {"autograder", "solutions", "submitted", "grades", "wheats", "grading.toml", "grades.csv"}
PLAIN = {"source", "release", "chaffs"}


def test_only_the_layout_spells_a_path_of_a_course() -> None:
    """Other modules ask `gradjudge.course.layout.Course`."""
    for module, file in MODULES.items():
        if module.startswith("course."):
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant):
                assert node.value not in LAYOUT, f"{module}: {node.value}"
            elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and isinstance(node.right, ast.Constant):
                assert str(node.right.value).partition("/")[0] not in LAYOUT | PLAIN, f"{module}: {ast.unparse(node)}"


@pytest.mark.parametrize("module", QUICK)
def test_the_command_line_starts_quickly(module: str) -> None:
    """Starting the command line imports neither torch nor nbgrader, which take seconds."""
    code = f"import {module}, sys; print([m for m in {SLOW!r} if m in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
