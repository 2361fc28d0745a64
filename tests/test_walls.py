"""The import walls: which folder may import which. The trust boundary is a process boundary is an import boundary."""

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

#: For each folder and each module at the top: the folders and modules of gradjudge that it may import, and packages of
#: others. A folder stands for its modules, not for those of the folders in it. What stands below imports what stands
#: above, never the other way round.
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

#: What the text that checks define in a session may import besides the standard library: it has nothing else there.
TEXTS = {"torch", "tensorboard"}

#: Modules that people wait for: importing them must not import these.
SLOW = ("torch", "nbgrader", "nbformat", "nbconvert", "sklearn", "IPython", "pytest", "babel")
QUICK = (
    "gradjudge.cli",
    "gradjudge.collect.collecting",
    "gradjudge.cohort.runs",
    "gradjudge.cohort.supervisor",
    "gradjudge.course.layout",
    "gradjudge.course.rubric_file",
)

#: The same idea on both sides of the wire has the same name: modules and classes that stand twice.
BOTH_SIDES = {"zygote", "failures", "causes"}


def module_of(file: Path) -> str:
    """Return a module's dotted name without ``gradjudge``."""
    return ".".join(file.relative_to(PACKAGE).with_suffix("").parts).removesuffix("__init__").rstrip(".")


def texts() -> list[Path]:
    """Return the texts that are sent to a session, those of the labs too."""
    return [*PACKAGE.rglob("*_session.py"), *(PACKAGE.parents[1] / "autograder").glob("*/session.py")]


MODULES = {module_of(file): file for file in sorted(PACKAGE.rglob("*.py")) if file not in texts()}


def room_of(module: str) -> str:
    """Return the folder of a module, or the module itself at the top."""
    file = MODULES[module]
    return "/".join(file.relative_to(PACKAGE).parts[:-1]) or module


def imports(file: Path) -> Iterator[str]:
    """Yield what a module imports, in functions too: dotted names. What only a type checker imports is left out."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    typing = [node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    unused = {inner for node in typing for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if node in unused:
            continue
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
    """Return the packages of others that a module imports."""
    return {name.partition(".")[0] for name in imports(file)} - set(sys.stdlib_module_names) - {"gradjudge"}


def test_there_is_no_folder_without_a_wall() -> None:
    """Nor a module at the top; and no wall is left of a folder that is gone."""
    rooms = {room_of(module) for module, file in MODULES.items() if module and ast.parse(file.read_text()).body[1:]}
    assert rooms == set(WALLS)


@pytest.mark.parametrize("room", WALLS)
def test_a_folder_imports_only_what_its_walls_allow(room: str) -> None:
    """Nothing trusted is within reach of the untrusted side, and small folders stay small."""
    own, foreign = (set(allowed.split()) for allowed in WALLS[room])
    for module, file in MODULES.items():
        if module and room_of(module) == room:
            beyond = {name for name in ours(file) if name not in own and room_of(name) not in {*own, room}}
            assert not beyond, f"{module}: {beyond}"
            assert others(file) <= foreign, module


def test_no_module_imports_itself_in_a_circle() -> None:
    """Whoever reads a module can read first what it builds on."""
    TopologicalSorter({module: ours(file) - {module} for module, file in MODULES.items()}).prepare()


def test_no_name_stands_twice() -> None:
    """One name, one thing: modules, and classes at the top of modules."""
    stems = Counter(file.stem for file in MODULES.values() if file.stem not in ("__init__", "__main__"))
    assert {stem for stem, count in stems.items() if count > 1} <= BOTH_SIDES
    classes: defaultdict[str, list[str]] = defaultdict(list)
    for module, file in MODULES.items():
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef):
                classes[node.name].append(module)
    assert {name: modules for name, modules in classes.items() if len(modules) > 1} == {}


def test_labs_import_of_the_engine_only_the_words_of_a_test_writer() -> None:
    """A lab needs `gradjudge.checks` and its subjects; what is behind them may change."""
    for file in sorted((PACKAGE.parents[1] / "autograder").glob("*/*.py")):
        reached = {name for name in imports(file) if name.startswith("gradjudge")}
        assert all(name.startswith("gradjudge.checks") for name in reached), f"{file}: {reached}"


def test_a_text_for_the_session_imports_nothing_of_ours() -> None:
    """It is defined where neither checks nor proxies are, and nothing that it could tell is secret."""
    assert len(texts()) >= 5
    for file in texts():
        assert others(file) <= TEXTS, file
        assert "gradjudge" not in file.read_text(encoding="utf-8"), file


@pytest.mark.parametrize("module", QUICK)
def test_the_command_line_starts_quickly(module: str) -> None:
    """Starting the command line imports neither torch nor nbgrader: both cost seconds."""
    code = f"import {module}, sys; print([m for m in {SLOW!r} if m in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
