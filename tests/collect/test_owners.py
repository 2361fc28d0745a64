"""Owners of files: the names of Moodle, Canvas, folders and patterns, and the folders that students get."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradjudge.collect.entries import safe_parts
from gradjudge.collect.folders import layout_of
from gradjudge.collect.owners import alike, by_pattern, folder_name, is_junk, moment
from gradjudge.errors import CourseError


def owners(*names: str, stem: str = "upload") -> dict[str, tuple[str, str] | None]:
    """Return each path's owner, and the path in that student's folder."""
    paths = [tuple(name.split("/")) for name in names]
    layout = layout_of(paths, assignment="tp1", stem=stem)
    claims = {"/".join(path): layout(path) for path in paths}
    return {
        name: None if claim is None else (claim.owner.name, "/".join(claim.parts)) for name, claim in claims.items()
    }


def test_moodle() -> None:
    """With and without folders, with a group before the name, and online texts; never the feedback."""
    assert owners(
        "Ada Lovelace_123456_assignsubmission_file_/tp1.ipynb",
        "Ada Lovelace_123456_assignsubmission_file_/data/a_1_assignsubmission_file_b.csv",
        "Élie de la Tour_7_assignsubmission_file_tp1 (1).ipynb",
        "G 2-Bob O'Neil_8_assignsubmission_onlinetext_/onlinetext.html",
        "Ada Lovelace_123456_assignfeedback_file_/better.ipynb",
        "grades.csv",
    ) == {
        "Ada Lovelace_123456_assignsubmission_file_/tp1.ipynb": ("Ada Lovelace", "tp1.ipynb"),
        "Ada Lovelace_123456_assignsubmission_file_/data/a_1_assignsubmission_file_b.csv": (
            "Ada Lovelace", "data/a_1_assignsubmission_file_b.csv",
        ),
        "Élie de la Tour_7_assignsubmission_file_tp1 (1).ipynb": ("Élie de la Tour", "tp1 (1).ipynb"),
        "G 2-Bob O'Neil_8_assignsubmission_onlinetext_/onlinetext.html": ("G 2-Bob O'Neil", "onlinetext.html"),
        "Ada Lovelace_123456_assignfeedback_file_/better.ipynb": None,
        "grades.csv": None,
    }  # fmt: skip


def test_moodle_unpacked_by_hand() -> None:
    """The same names below one folder, as programs unpack them."""
    assert owners("TP1-12/Ada_1_assignsubmission_file_/a.py", "TP1-12/Bob_2_assignsubmission_file_/a.py") == {
        "TP1-12/Ada_1_assignsubmission_file_/a.py": ("Ada", "a.py"),
        "TP1-12/Bob_2_assignsubmission_file_/a.py": ("Bob", "a.py"),
    }


def test_canvas() -> None:
    """Late or not, anonymous or not, groups with underscores, and online texts."""
    names = {
        "lovelaceada_12345_678901_tp1.ipynb": ("lovelaceada", "tp1.ipynb"),
        "lovelaceada_12345_678902_model_2_3_x.py": ("lovelaceada", "model_2_3_x.py"),
        "doejohn_LATE_77_1_tp1-1.ipynb": ("doejohn", "tp1-1.ipynb"),
        "anon_Ab3dE_678_tp1.ipynb": ("anon", "tp1.ipynb"),
        "LATE_anon_xY12z_679_tp1.ipynb": ("anon", "tp1.ipynb"),
        "team_rocket_9_10_tp1.ipynb": ("team_rocket", "tp1.ipynb"),
        "ritchied_12_text.html": ("ritchied", "text.html"),
    }
    assert owners(*names) == names
    layout = layout_of([(name,) for name in names], assignment="tp1", stem="x")
    late = [name for name in names if (claim := layout((name,))) is not None and claim.late]
    assert late == ["doejohn_LATE_77_1_tp1-1.ipynb", "LATE_anon_xY12z_679_tp1.ipynb"]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["ada/tp1.ipynb", "ada/m.py", "bob/tp1.py", "bob/sub/d.csv"],
         [("ada", "tp1.ipynb"), ("ada", "m.py"), ("bob", "tp1.py"), ("bob", "sub/d.csv")]),
        (["all/ada/tp1.ipynb", "all/bob/tp1.ipynb"], [("ada", "tp1.ipynb"), ("bob", "tp1.ipynb")]),
        (["tp1/ada/x.ipynb", "tp1/bob/y.py"], [("ada", "x.ipynb"), ("bob", "y.py")]),
        (["ada/tp1/tp1.ipynb", "bob/tp1/tp1.ipynb"], [("ada", "tp1.ipynb"), ("bob", "tp1.ipynb")]),
        (["submitted/ada/tp1/tp1.ipynb"], [("ada", "tp1.ipynb")]),
        (["submitted/ada/tp1/tp1.ipynb", "submitted/bob/tp1/b.py"], [("ada", "tp1.ipynb"), ("bob", "b.py")]),
        (["ada.zip", "bob.tar.gz", "readme.txt"], [("ada", "ada.zip"), ("bob", "bob.tar.gz"), None]),
        (["all/ada.zip", "all/bob.zip"], [("ada", "ada.zip"), ("bob", "bob.zip")]),
        (["tp1.ipynb", "data/a.csv"], [("upload", "tp1.ipynb"), ("upload", "data/a.csv")]),
        (["main.py", "model.py"], [("upload", "main.py"), ("upload", "model.py")]),
        (["tp1/tp1.ipynb", "tp1/data/a.csv"], [("upload", "tp1/tp1.ipynb"), ("upload", "tp1/data/a.csv")]),
        (["ada/work/tp1.ipynb", "ada/data/a.csv"], [("ada", "work/tp1.ipynb"), ("ada", "data/a.csv")]),
        (["ada/tp1.ipynb"], [("ada", "tp1.ipynb")]),
        (["a_2024_12_x.csv", "tp1.ipynb"], [("upload", "a_2024_12_x.csv"), ("upload", "tp1.ipynb")]),
    ],
)  # fmt: skip
def test_folders_and_archives(names: list[str], expected: list[tuple[str, str] | None]) -> None:
    """One folder or archive per student, below a folder or not; nbgrader's layout; one student's own."""
    assert list(owners(*names).values()) == expected


def test_notebooks_without_an_owner() -> None:
    """Several notebooks side by side may be several students': staff must say."""
    with pytest.raises(
        CourseError, match=r"upload: a\.ipynb, b\.ipynb: whose are they\? .* --student NAME.* --pattern"
    ):
        owners("a.ipynb", "b.ipynb")


def test_pattern() -> None:
    """nbgrader's own example is understood: who, when, and which file, with its own suffix."""
    layout = by_pattern(r".*_(?P<student_id>\w+)_attempt_(?P<timestamp>[0-9\-]+)_(?P<file_id>\w+)")
    claim = layout(("ps1_bitdiddle_attempt_2016-01-30-15-00-00_problem1.ipynb",))
    assert claim is not None
    assert (claim.owner.name, claim.parts) == ("bitdiddle", ("problem1.ipynb",))
    assert claim.when == datetime(2016, 1, 30, 15, tzinfo=UTC)
    assert layout(("readme.txt",)) is None


@pytest.mark.parametrize("file_id", ["..", "a/../b", "../x", "/"])
def test_a_pattern_leads_nowhere_else(file_id: str) -> None:
    """What a pattern finds in a name cannot lead outside."""
    claim = by_pattern(r"(?P<student_id>\w+)!(?P<file_id>.+)")(("ada!" + file_id,))
    assert claim is None or ".." not in claim.parts


@pytest.mark.parametrize(
    ("pattern", "words"),
    [("(", "not a regular expression"), ("x", "no group file_id"), ("(?P<file_id>x)", "no group student_id")],
)
def test_bad_patterns(pattern: str, words: str) -> None:
    """The message says what is missing."""
    with pytest.raises(CourseError, match=words):
        by_pattern(pattern)


def test_moments() -> None:
    """Times in names: with and without separators, with an offset or in the given zone."""
    zone = timezone(timedelta(hours=1))
    assert moment("2026-01-30 15:00", zone) == datetime(2026, 1, 30, 14, tzinfo=UTC)
    assert moment("20260130150007", UTC) == datetime(2026, 1, 30, 15, 0, 7, tzinfo=UTC)
    assert moment("2026-01-30T15:00:00+02:00", zone) == datetime(2026, 1, 30, 13, tzinfo=UTC)
    for text in ("yesterday", "2026-13-30-15-00-00"):
        with pytest.raises(CourseError, match="is no time"):
            moment(text, UTC)


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("Ada Lovelace", "Ada_Lovelace"),
        ("Adèle Martin", "Adèle_Martin"),
        (unicodedata.normalize("NFD", "Adèle Martin"), "Adèle_Martin"),
        ("O'Neil, Bob", "O_Neil_Bob"),
        ("ada@school.fr", "ada@school.fr"),
        ("../../etc", "etc"),
        (".hidden", "hidden"),
        ("-rf", "rf"),
        ("山田 太郎", "山田_太郎"),
        ("\u202eevil", "evil"),
        ("...", "student"),
        ("", "student"),
    ],
)
def test_folders_of_students(name: str, folder: str) -> None:
    """A student's name becomes one part of a path, readable and normalised."""
    assert folder_name(name) == folder


@given(st.text(st.characters(codec=None), max_size=300))
def test_a_name_is_never_a_path(name: str) -> None:
    """Whatever the name, the folder is one visible, printable, short part, and maps to itself."""
    folder = folder_name(name)
    assert safe_parts(folder) == (folder,)
    assert re.fullmatch(r"[^/\\\s.\-][^/\\\s]*", folder)
    assert folder.isprintable()
    assert len(folder.encode()) <= 100
    assert folder_name(folder) == folder


def test_alike() -> None:
    """Names that differ only in case or normalisation are alike; others are not."""
    assert alike("ADÈLE") == alike(unicodedata.normalize("NFD", "adèle")) == alike("ＡＤÈＬＥ")
    assert alike("adèle") != alike("adele")


def test_junk() -> None:
    """What systems leave behind is junk; a student's dotfile is not."""
    junk = ["__MACOSX/._a.py", "a/.DS_Store", ".ipynb_checkpoints/a-checkpoint.ipynb", "__pycache__/a.pyc", "._a.py"]
    assert [is_junk(name.split("/")) for name in [*junk, ".env", "a.py"]] == [True] * 5 + [False] * 2


@pytest.mark.parametrize(
    "paths",
    [
        [("a", "b", "ada", "tp1.ipynb"), ("a", "b", "bob", "tp1.ipynb")],
        [("a", "b", "Ada_1_assignsubmission_file_", "tp1.ipynb"), ("a", "b", "Bo_2_assignsubmission_file_", "x.py")],
        [("a", "b", "lovelaceada_1_2_tp1.ipynb"), ("a", "b", "hopper_3_4_tp1.ipynb")],
    ],
)
def test_files_above_the_common_folders_have_no_owner(paths: list[tuple[str, ...]]) -> None:
    """An entry with a bad name is looked up by the rest of its path, which may be short."""
    layout = layout_of(paths, assignment="tp1", stem="all")
    assert layout(paths[0]) is not None
    assert layout(("evil", "x")) is None
    assert layout(("evil",)) is None
