"""Policies: what is required, and what may be read."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gradjudge.errors import CourseError
from gradjudge.sandbox.policy import FLOOR, Policy, refuse_exposed_secrets
from gradjudge.session.jail import readable


def test_a_secret_under_a_readable_folder_is_refused(tmp_path: Path) -> None:
    """Landlock cannot exclude a file from an allowed folder, so the session must not start."""
    with pytest.raises(CourseError, match=r"autograder must stay unread.*Move one"):
        refuse_exposed_secrets([tmp_path / "autograder"], [Path("/usr/lib"), tmp_path])


def test_a_link_does_not_hide_a_secret(tmp_path: Path) -> None:
    """Paths are resolved before they are compared."""
    (tmp_path / "real").mkdir()
    (tmp_path / "data").symlink_to(tmp_path / "real")
    with pytest.raises(CourseError):
        refuse_exposed_secrets([tmp_path / "real" / "tests"], [tmp_path / "data"])


def test_a_readable_folder_may_lie_beside_or_under_a_secret(tmp_path: Path) -> None:
    """A virtual environment in the course's folder, or data beside its tests, are no danger."""
    refuse_exposed_secrets([tmp_path / "autograder", tmp_path], [tmp_path / ".venv", tmp_path / "data"])


def test_the_floor_is_required_unless_said_otherwise(tmp_path: Path) -> None:
    """The defaults require the whole floor."""
    assert Policy(scratch=tmp_path).required == FLOOR
    assert Policy(scratch=tmp_path).jailed


def test_an_editable_install_opens_only_what_sessions_need(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where gradjudge runs from a source tree, the tree itself stays closed: a course may lie beside it."""
    package = tmp_path / "src" / "gradjudge"
    (package / "session").mkdir(parents=True)
    monkeypatch.setattr(readable, "__file__", str(package / "session" / "jail" / "readable.py"))
    monkeypatch.setattr(sys, "path", ["", str(tmp_path / "src"), str(tmp_path / "absent")])
    paths = readable.python_paths()
    assert [path for path in paths if path.startswith(str(tmp_path))] == [
        str(package / part) for part in ("__init__.py", "wire", "session")
    ]


def test_an_installed_package_is_read_with_its_neighbours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of installed packages outside the prefix stays readable as a whole."""
    (tmp_path / "gradjudge" / "session").mkdir(parents=True)
    (tmp_path / "gradjudge-1.0.dist-info").mkdir()
    monkeypatch.setattr(readable, "__file__", str(tmp_path / "gradjudge" / "session" / "jail" / "readable.py"))
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    assert str(tmp_path) in readable.python_paths()
