"""The import walls: which room may import which. The trust boundary is a process boundary is an import boundary."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

import gradjudge

PACKAGE = Path(gradjudge.__file__).parent

#: For each room (a folder or module of the package): the other rooms and the third-party packages that it may import.
WALLS: dict[str, set[str]] = {
    "errors": set(),
    "text": {"babel"},
    "forkserver": set(),
    "wire": {"msgspec", "torch"},
    "worker": {"wire", "forkserver", "msgspec", "torch", "numpy", "IPython", "matplotlib", "matplotlib_inline"}
    | {"tensorboard", "sklearn", "sympy", "joblib", "traitlets", "typing_extensions"},
    "sandbox": {"wire", "forkserver", "errors", "msgspec"},
    "proxy": {"text", "wire", "torch", "msgspec"},
    "checks": {"proxy", "text", "wire", "celltext", "torch", "numpy", "msgspec"},
    "tomltable": {"errors", "msgspec"},
    "rubric": {"errors", "text", "msgspec", "rubric_file", "tomltable"},
    "rubric_file": {"rubric", "tomltable", "errors", "text", "msgspec"},
    "files": {"text"},
    "remarks": {"text", "msgspec"},
    "course": {"rubric", "errors", "files", "notebooks", "remarks", "text", "msgspec"},
    "intake": {"errors", "files", "notebooks", "text", "msgspec", "yaml"},
    "report": {"files", "remarks", "rubric", "text", "msgspec"},
    "views": {"report", "msgspec"},
    "celltext": set(),
    "definitions": {"celltext"},
    "owntext": {"celltext", "notebooks", "proxy", "wire", "msgspec"},
    "jobs": {"remarks", "report", "rubric", "msgspec"},
    "terminal": {"report", "text", "views", "rich"},
    "verify": {
        "bench",
        "course",
        "definitions",
        "errors",
        "files",
        "jobs",
        "notebooks",
        "report",
        "views",
        "rubric",
        "msgspec",
        "rich",
        "tomlkit",
    },
}

#: What the text that checks define in a session may import besides the standard library: it has nothing else there.
TEXTS = {"torch", "tensorboard"}

#: Modules that people wait for: importing them must not import these.
SLOW = ("torch", "nbgrader", "nbformat", "nbconvert", "sklearn", "IPython", "pytest")
QUICK = (
    "gradjudge.cli",
    "gradjudge.intake.collect",
    "gradjudge.cohort",
    "gradjudge.bench",
    "gradjudge.course",
    "gradjudge.rubric",
)


def files(room: str) -> list[Path]:
    """Return the modules of a room, without the texts for a session."""
    folder = PACKAGE / room
    found = sorted(folder.rglob("*.py")) if folder.is_dir() else [PACKAGE / f"{room}.py"]
    return [file for file in found if file not in texts()]


def texts() -> list[Path]:
    """Return the texts that are sent to a session, those of the labs too."""
    return [*PACKAGE.rglob("*_session.py"), *(PACKAGE.parents[1] / "autograder").glob("*/session.py")]


def imported(file: Path) -> set[str]:
    """Return what a module imports: rooms of this package without its name, and top-level third-party packages."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative imports would hide a wall"
            names = (
                [f"gradjudge.{alias.name}" for alias in node.names]
                if node.module == "gradjudge"
                else [node.module or ""]
            )
        for name in names:
            parts = name.split(".")
            found.add(parts[1] if parts[0] == "gradjudge" and len(parts) > 1 else parts[0])
    return found - set(sys.stdlib_module_names) - {"gradjudge", "__version__"}


@pytest.mark.parametrize("room", sorted(WALLS))
def test_a_room_imports_only_what_its_walls_allow(room: str) -> None:
    """Nothing trusted is within reach of the untrusted side, and the small rooms stay small."""
    assert files(room)
    for file in files(room):
        assert imported(file) - {room} <= WALLS[room], file


def test_a_text_for_the_session_imports_nothing_of_ours() -> None:
    """It is defined where neither checks nor proxies are, and nothing that it could tell is secret."""
    assert len(texts()) >= 5
    for file in texts():
        assert imported(file) <= TEXTS, file
        assert "gradjudge" not in file.read_text(encoding="utf-8"), file


@pytest.mark.parametrize("module", QUICK)
def test_the_command_line_starts_quickly(module: str) -> None:
    """Starting the command line imports neither torch nor nbgrader: both cost seconds."""
    import subprocess

    code = f"import {module}, sys; print([m for m in {SLOW!r} if m in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
