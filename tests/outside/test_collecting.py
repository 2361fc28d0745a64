"""Archives as learning platforms and people really make them: owners of files, and never a class as one student."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from packing import Lie, lying_zip, zipped

from gradjudge.collect import collecting
from gradjudge.errors import CourseError

LAB = "tp1_functions"


class Desk:
    """A folder for archives, and one for submissions."""

    def __init__(self, root: Path) -> None:
        self.root, self.into = root, root / "submitted"

    def collect(self, *sources: tuple[str, Mapping[str, str | bytes]], **options: Any) -> collecting.Collection:
        """Collect archives of these names and files."""
        paths = []
        for name, files in sources:
            paths.append(self.root / name)
            paths[-1].write_bytes(zipped(files))
        return collecting.collect(LAB, paths, self.into, collecting.Options(**options))

    def tree(self) -> dict[str, str]:
        """Return every file by student and name, without times of handing in."""
        return {
            "/".join((path.relative_to(self.into).parts[0], *path.relative_to(self.into).parts[2:])): path.read_text()
            for path in sorted(self.into.rglob("*"))
            if path.is_file() and ".collected" not in path.parts and path.name != "timestamp.txt"
        }


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Return an empty desk."""
    return Desk(tmp_path)


def strays(done: collecting.Collection) -> list[str]:
    """Return the entries without an owner."""
    return [stray.entry for stray in done.strays]


MOODLE = "Ada Lovelace_123456_assignsubmission_"

GRADESCOPE = """submission_111:
  :submitters:
  - :name: Ada Lovelace
    :sid: '2026001'
    :email: ada@school.example
  :created_at: 2026-10-03 11:59:12.000000000 Z
  :history: !ruby/object:Whatever
  - :created_at: 2026-10-01 11:59:12 Z
submission_222:
  :submitters:
  - :name: Bo Lin
    :sid:
    :email: bo@school.example
  - :name: Cleo Roy
    :sid: '2026003'
    :email: cleo@school.example
  :created_at: 2026-10-03 14:59:12.000000000 +02:00
"""
EXPORT = "assignment_9_export/"

PLATFORMS: dict[str, tuple[dict[str, str | bytes], dict[str, str], list[str]]] = {
    "Moodle 4, in folders": (
        {
            MOODLE + "file/tp1.ipynb": "a",
            MOODLE + "file/data/a.csv": "1",
            MOODLE + "onlinetext/onlinetext.html": "late, sorry",
            "Zoé Dupont_7_assignsubmission_file/work/tp1.ipynb": "z",
            "Zoé Dupont_7_assignsubmission_onlinetext/onlinetext.html": "hello",
        },
        {
            "Ada_Lovelace/tp1.ipynb": "a",
            "Ada_Lovelace/data/a.csv": "1",
            "Ada_Lovelace/onlinetext.html": "late, sorry",
            "Zoé_Dupont/tp1.ipynb": "z",
            "Zoé_Dupont/onlinetext.html": "hello",
        },
        [],
    ),
    "Moodle below a folder, with a list": (
        {f"TP1/{MOODLE}file/x.ipynb": "a", "TP1/Bo Lin_2_assignsubmission_file/x.ipynb": "b", "TP1/grades.csv": "1"},
        {"Ada_Lovelace/x.ipynb": "a", "Bo_Lin/x.ipynb": "b"},
        ["TP1/grades.csv"],
    ),
    "Gradescope": (
        {
            EXPORT + "submission_111/tp1.ipynb": "a",
            EXPORT + "submission_222/tp1.ipynb": "b",
            EXPORT + "submission_333/tp1.ipynb": "whose?",
            EXPORT + "submission_metadata.yml": GRADESCOPE,
        },
        {"Ada_Lovelace/tp1.ipynb": "a", "Bo_Lin/tp1.ipynb": "b", "Cleo_Roy/tp1.ipynb": "b"},
        [EXPORT + "submission_333/tp1.ipynb"],
    ),
    "Blackboard": (
        {
            "TP 1_ada123_attempt_2026-10-03-11-59-12_tp1.ipynb": "old",
            "TP 1_ada123_attempt_2026-10-03-11-59-12_gone.py": "old",
            "TP 1_ada123_attempt_2026-10-03-11-59-12.txt": "Name: Ada Lovelace (ada123)",
            "TP 1_ada123_attempt_2026-10-04-09-00-00_tp1.ipynb": "new",
            "TP 1_ada123_attempt_2026-10-04-09-00-00.txt": "Name: Ada Lovelace (ada123)",
            "TP 1_bo9_attempt_2026-10-03-10-00-00_tp1.ipynb": "b",
        },
        {"ada123/tp1.ipynb": "new", "bo9/tp1.ipynb": "b"},
        [],
    ),
    "Blackboard, user names with the same end": (
        {
            "TP 1_jean_roy_attempt_2026-10-03-11-59-12_tp1.ipynb": "j",
            "TP 1_lea_roy_attempt_2026-10-03-11-59-12_tp1.ipynb": "l",
        },
        {"jean_roy/tp1.ipynb": "j", "lea_roy/tp1.ipynb": "l"},
        [],
    ),
    "Brightspace": (
        {
            "100001-50001 - Ada Lovelace - Oct 3, 2026 1159 AM/tp1.ipynb": "old",
            "100001-50001 - Ada Lovelace - Oct 3, 2026 1159 AM/gone.py": "old",
            "100001-50001 - Ada Lovelace - Oct 3, 2026 905 PM/tp1.ipynb": "new",
            "100002-50001 - Bo - van Lin - 3 octobre 2026 9 h 05/tp1.ipynb": "b",
            "index.html": "<html></html>",
        },
        {"Ada_Lovelace/tp1.ipynb": "new", "Bo_-_van_Lin/tp1.ipynb": "b"},
        [],
    ),
    "Brightspace without folders": (
        {
            "100001-50001 - Ada Lovelace - Oct 3, 2026 1159 AM - tp1.ipynb": "a",
            "100002-50001 - Bo Lin - Oct 3, 2026 1200 AM - tp1.ipynb": "b",
            "index.html": "",
        },
        {"Ada_Lovelace/tp1.ipynb": "a", "Bo_Lin/tp1.ipynb": "b"},
        [],
    ),
    "Canvas with a list": (
        {"lovelaceada_11_21_tp1.ipynb": "a", "linbo_LATE_12_22_tp1-1.ipynb": "b", "grades.csv": "1"},
        {"lovelaceada/tp1.ipynb": "a", "linbo/tp1-1.ipynb": "b"},
        ["grades.csv"],
    ),
    "Canvas with a solution and a folder of somebody's": (
        {
            "all/lovelaceada_11_21_tp1.ipynb": "a",
            "all/linbo_LATE_12_22_tp1-1.ipynb": "b",
            "all/solution.ipynb": "s",
            "all/lists/grades.csv": "1",
        },
        {"lovelaceada/tp1.ipynb": "a", "linbo/tp1-1.ipynb": "b"},
        ["all/solution.ipynb", "all/lists/grades.csv"],
    ),
    "Canvas, a student whose file is named like Moodle's": (
        {"lovelaceada_11_21_Bo_2_assignsubmission_file_x.ipynb": "a", "linbo_12_22_tp1.ipynb": "b", "c_3_4_x.py": "c"},
        {"lovelaceada/Bo_2_assignsubmission_file_x.ipynb": "a", "linbo/tp1.ipynb": "b", "c/x.py": "c"},
        [],
    ),
    "Sakai": (
        {
            "TP 1/Lovelace, Ada(ada1)/Submission attachment(s)/tp1.ipynb": "a",
            "TP 1/Lovelace, Ada(ada1)/timestamp.txt": "20261003115912000",
            "TP 1/Lovelace, Ada(ada1)/Feedback Attachment(s)/tp1.ipynb": "better",
            "TP 1/Lin, Bo(bo9)/Submission attachment(s)/tp1.ipynb": "b",
            "TP 1/grades.csv": "1",
        },
        {"Lovelace_Ada/tp1.ipynb": "a", "Lin_Bo/tp1.ipynb": "b"},
        [],
    ),
    "Teams": (
        {
            "Submitted files/Ada Lovelace/TP1/Version 2/tp1.ipynb": "2",
            "Submitted files/Ada Lovelace/TP1/Version 10/tp1.ipynb": "10",
            "Submitted files/Bo Lin/TP1/tp1.ipynb": "b",
            "Working files/Bo Lin/TP1/draft.ipynb": "draft",
        },
        {"Ada_Lovelace/tp1.ipynb": "10", "Bo_Lin/tp1.ipynb": "b"},
        [],
    ),
    "ILIAS": (
        {
            "TP1/Abgaben/Lovelace_Ada_ada_12/tp1.ipynb": "a",
            "TP1/Abgaben/Lin_Bo_bo_13/tp1.ipynb": "b",
            "TP1/Abgaben/Roy_Cleo_cleo_14/rapport.pdf": "c",
            "TP1/status.xlsx": "",
        },
        {"Lovelace_Ada_ada_12/tp1.ipynb": "a", "Lin_Bo_bo_13/tp1.ipynb": "b", "Roy_Cleo_cleo_14/rapport.pdf": "c"},
        ["TP1/status.xlsx"],
    ),
    "a folder each, lists and folders beside them": (
        {
            "class/ada/work/tp1.ipynb": "a",
            "class/bo/tp1.py": "b",
            "class/cleo/report.pdf": "c",
            "class/data/x.csv": "1",
            "class/grades.csv": "1",
            "readme.txt": "",
        },
        {"ada/tp1.ipynb": "a", "bo/tp1.py": "b", "cleo/report.pdf": "c"},
        ["class/data/x.csv", "class/grades.csv", "readme.txt"],
    ),
    "an archive each below a folder": (
        {"class/ada.zip": zipped({"tp1.ipynb": "a"}), "class/bo.zip": zipped({"bo/tp1.ipynb": "b"})},
        {"ada/tp1.ipynb": "a", "bo/tp1.ipynb": "b"},
        [],
    ),
    "one student's repository": (
        {
            "ada/README.md": "hello",
            "ada/tp0/tp0.ipynb": "0",
            "ada/tp1/tp1.ipynb": "1",
            "ada/src/model.py": "m",
            "ada/report/report.pdf": "r",
        },
        {
            "ada/README.md": "hello",
            "ada/tp0/tp0.ipynb": "0",
            "ada/tp1/tp1.ipynb": "1",
            "ada/src/model.py": "m",
            "ada/report/report.pdf": "r",
        },
        [],
    ),
    "one student's scripts": (
        {"run.py": "from model import f", "model.py": "f = 1", "data/x.csv": "1"},
        {"upload/run.py": "from model import f", "upload/model.py": "f = 1", "upload/data/x.csv": "1"},
        [],
    ),
    "PowerShell": (
        {MOODLE + "file\\tp1\\tp1.ipynb": "a", "Bo_2_assignsubmission_file\\tp1.ipynb": "b"},
        {"Ada_Lovelace/tp1.ipynb": "a", "Bo/tp1.ipynb": "b"},
        [],
    ),
}


@pytest.mark.parametrize("case", PLATFORMS)
def test_whose_each_file_is(desk: Desk, case: str) -> None:
    """By platform: each student's files, without older attempts; only entries without an owner are named."""
    files, expected, nobodys = PLATFORMS[case]
    done = desk.collect(("upload.zip", files))
    assert desk.tree() == expected
    assert strays(done) == nobodys
    assert done.clean == (not nobodys)


PLATFORMS["a list that is no list of Gradescope's"] = (
    {"all/submission_metadata.yml": "x: 1", "all/ada/x.ipynb": "a", "all/bo/x.ipynb": "b"},
    {"ada/x.ipynb": "a", "bo/x.ipynb": "b"},
    ["all/submission_metadata.yml"],
)
PLATFORMS["Gradescope, its list in plain words"] = (
    {"submission_metadata.yml": GRADESCOPE.replace(" :", " ").replace("- :", "- "), "submission_111/x.py": "a"},
    {"Ada_Lovelace/x.py": "a"},
    [],
)


DOUBTFUL: dict[str, dict[str, str | bytes]] = {
    "notebooks side by side": {"ada.ipynb": "", "bo.ipynb": ""},
    "notebooks side by side below a folder": {"TP1/ada.ipynb": "", "TP1/bo.ipynb": ""},
    "scripts that have nothing to do with each other": {"TP1/ada.py": "x = 1", "TP1/bo.py": "y = 1"},
    "a solution beside students' folders": {"tp1.ipynb": "", "ada/tp1.ipynb": "", "bo/tp1.ipynb": ""},
    "a solution beside students' archives": {"tp1.ipynb": "", "ada.zip": zipped({}), "bo.zip": zipped({})},
    "two folders, of which one has only a report": {"all/ada/tp1.ipynb": "", "all/bo/rapport.pdf": ""},
    "groups of students": {"1A/ada/x.ipynb": "", "1A/bo/x.ipynb": "", "1B/cleo/x.ipynb": "", "1B/dan/x.ipynb": ""},
    "a course that holds students": {"submitted/ada/x.ipynb": "", "submitted/bo/x.ipynb": "", "code/x.ipynb": ""},
    "Gradescope's folders without its list": {EXPORT + "submission_1/x.py": "", EXPORT + "submission_2/x.py": ""},
    "Gradescope's list, damaged": {EXPORT + "submission_1/x.py": "", EXPORT + "submission_metadata.yml": "a: [b"},
    "Gradescope's list, too deep": {EXPORT + "submission_1/x.py": "", EXPORT + "submission_metadata.yml": "[" * 20_000},
    "Gradescope's list of another export": {"submission_1/x.py": "", "submission_metadata.yml": GRADESCOPE},
    "a class of one, with a list": {"all/1A/ada/x.ipynb": "", "all/1A/grades.csv": ""},
    "Drive": {"Ada Lovelace - tp1.ipynb": "", "Bo Lin - tp1.ipynb": ""},
}


@pytest.mark.parametrize("case", DOUBTFUL)
def test_in_doubt_nothing_is_merged(desk: Desk, case: str) -> None:
    """One message says what was found and what to do, and nothing is written; --student or a pattern helps."""
    with pytest.raises(CourseError, match=r"upload.*(--student|--pattern)"):
        desk.collect(("upload.zip", DOUBTFUL[case]))
    assert not desk.into.exists()
    assert len(desk.collect(("upload.zip", DOUBTFUL[case]), student="ada").outcomes) == 1


def test_one_doubtful_archive_does_not_stop_the_others(desk: Desk) -> None:
    """It is named with the question, and nothing of it is taken."""
    done = desk.collect(("ada.zip", {"tp1.ipynb": "a"}), ("TP1.zip", {"bo.ipynb": "b", "cleo.ipynb": "c"}))
    assert desk.tree() == {"ada/tp1.ipynb": "a"}
    (stray,) = done.strays
    assert (stray.archive, stray.entry) == ("TP1.zip", "everything")
    assert "bo.ipynb, cleo.ipynb: whose are they?" in stray.staff


def test_a_doubtful_student_is_refused_alone(desk: Desk) -> None:
    """A student's folder that holds several people's folders is named; the others are collected."""
    files = {"class/ada/x.ipynb": "a", "class/bo/x.ipynb": "b", "class/cleo/x.ipynb": "c"}
    done = desk.collect(("class.zip", files | {"class/1B/dan/x.ipynb": "d", "class/1B/eve/x.ipynb": "e"}))
    assert desk.tree() == {"ada/x.ipynb": "a", "bo/x.ipynb": "b", "cleo/x.ipynb": "c"}
    (unclear,) = [one for one in done.outcomes if one.state == "unclear"]
    assert unclear.student == "1B"
    assert "1B has several folders with notebooks: whose are they?" in unclear.notes
    assert not done.clean


def test_repositories_from_github(desk: Desk) -> None:
    """One archive per repository: it names the student, and a notebook in a folder is found."""

    def repository(name: str) -> tuple[str, dict[str, str | bytes]]:
        inside = {".github/workflows/classroom.yml": "", "README.md": "", "tp1/tp1_functions.ipynb": name}
        return f"{name}.zip", {f"{name}/{path}": data for path, data in inside.items()}

    done = desk.collect(repository("tp1-ada-main"), repository("tp1-bo-lin-master"))
    assert [name for name in desk.tree() if name.endswith(".ipynb")] == [
        "ada/tp1/tp1_functions.ipynb",
        "bo-lin/tp1/tp1_functions.ipynb",
    ]
    assert done.clean


def test_archives_that_hold_folders_of_one_name(desk: Desk) -> None:
    """They are two students', not two attempts; if the archives have the same name too, staff must say."""
    desk.collect(("ada.zip", {"homework/tp1.ipynb": "a"}), ("bo.zip", {"homework/tp1.ipynb": "b"}))
    assert desk.tree() == {"ada/tp1.ipynb": "a", "bo/tp1.ipynb": "b"}
    for name in ("1", "2"):
        (desk.root / name).mkdir()
    with pytest.raises(CourseError, match=r"^tp1: several archives or folders have this name"):
        desk.collect(("1/tp1.zip", {"tp1.ipynb": "c"}), ("2/tp1.zip", {"tp1.ipynb": "d"}))


UNDATED: list[dict[str, str | bytes]] = [
    {
        "10-5 - Ada Lovelace - Xyz 3, 2026 9/tp1.ipynb": "1",
        "10-5 - Ada Lovelace - Xyz 4, 2026 9/tp1.ipynb": "2",
        "11-5 - Bo - Oct 3, 2026 900 AM/tp1.ipynb": "b",
    },
    {
        MOODLE + "file/v1.zip": zipped({"tp1.ipynb": "1"}),
        MOODLE + "file/v2.zip": zipped({"tp1.ipynb": "2"}),
        "Bo_2_assignsubmission_file/tp1.ipynb": "b",
    },
]


@pytest.mark.parametrize(("files", "named"), [(UNDATED[0], ("Xyz 3", "Xyz 4")), (UNDATED[1], ("v1.zip", "v2.zip"))])
def test_attempts_of_unknown_times(desk: Desk, files: dict[str, str | bytes], named: tuple[str, str]) -> None:
    """None is taken: both are named, and the others are collected."""
    done = desk.collect(("upload.zip", files))
    (ada, _bo) = done.outcomes
    assert ada.state == "unclear"
    assert all(name in ada.notes[0] for name in named)
    assert desk.tree() == {"Bo/tp1.ipynb": "b"}
    assert not done.clean


def test_the_same_file_twice_is_no_rival(desk: Desk) -> None:
    """A student who hands in a notebook, and a zip with the same one in it, is asked nothing."""
    files: dict[str, str | bytes] = {
        MOODLE + "file/tp1.ipynb": "a",
        MOODLE + "file/all.zip": zipped({"tp1.ipynb": "a", "m.py": "m"}),
    }
    done = desk.collect(("upload.zip", files))
    assert desk.tree() == {"Ada_Lovelace/tp1.ipynb": "a", "Ada_Lovelace/m.py": "m"}
    assert done.clean


@pytest.mark.parametrize(
    "case", [case for case in PLATFORMS if "PowerShell" not in case and "archive each" not in case]
)
def test_what_was_unpacked_by_hand(desk: Desk, case: str) -> None:
    """The same folders and files on disk yield the same students."""
    files, expected, nobodys = PLATFORMS[case]
    for name, data in files.items():
        path = desk.root / "upload" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
    done = collecting.collect(LAB, [desk.root / "upload"], desk.into, collecting.Options())
    assert desk.tree() == expected
    assert sorted(strays(done)) == sorted(nobodys)


def test_students_archives_in_a_download_that_was_unpacked(desk: Desk) -> None:
    """Their owners are in their names, as for other files."""
    (desk.root / "upload").mkdir()
    (desk.root / "upload/lovelaceada_11_21_tp1.zip").write_bytes(zipped({"tp1/tp1.ipynb": "a"}))
    (desk.root / "upload/linbo_LATE_12_22_tp1.ipynb").write_text("b")
    done = collecting.collect(LAB, [desk.root / "upload"], desk.into, collecting.Options())
    assert desk.tree() == {"lovelaceada/tp1.ipynb": "a", "linbo/tp1.ipynb": "b"}
    assert done.clean


@pytest.mark.parametrize(
    "name",
    [
        "10-5 - A - Jan 1, 2020 100 AM - Oct 3, 2026 1159 PM/tp1.ipynb",
        "10-5 - A - Oct 3, 2026 1159 PM - Jan 1, 2020 100 AM - tp1.ipynb",
        "TP_ada_attempt_2026-10-03-23-59-00_x_attempt_2020-01-01-01-00-00_tp1.ipynb",
    ],
)
def test_a_students_file_name_sets_no_time(desk: Desk, name: str) -> None:
    """Only what the platform wrote counts."""
    (one,) = desk.collect(("upload.zip", {name: "a"})).outcomes
    assert one.handed_in == "2026-10-03 23:59:00.000000 UTC"


@pytest.mark.parametrize("when", ["Dec 31, 9999 1159 PM", "Jan 1, 0001 1200 AM", "Feb 30, 2026 1200 AM"])
def test_invalid_times(desk: Desk, when: str) -> None:
    """They are ignored, and stop nothing."""
    done = desk.collect(("upload.zip", {f"10-5 - Ada - {when}/tp1.ipynb": "a"}), zone=ZoneInfo("America/New_York"))
    assert [(one.student, one.handed_in) for one in done.outcomes] == [("Ada", "")]


def test_rivals_are_both_named(desk: Desk) -> None:
    """A pattern without times, and two files of one path: this student is left out, the others are collected."""
    pattern = r"(?P<student_id>[a-z]+)-\d-(?P<file_id>.+)"
    names = {"ada-1-tp1.ipynb": "1", "ada-2-tp1.ipynb": "2", "bo-1-tp1.ipynb": "b"}
    done = desk.collect(("upload.zip", names), pattern=pattern)
    ada, _bo = done.outcomes
    assert ada.state == "unclear"
    assert "upload.zip: ada-1-tp1.ipynb and upload.zip: ada-2-tp1.ipynb: which of them counts?" in ada.notes
    assert desk.tree() == {"bo/tp1.ipynb": "b"}
    assert not done.clean


def test_receipts_are_skipped_with_a_pattern_too(desk: Desk) -> None:
    """Blackboard's names, by a pattern: the later file, its time, and no complaint."""
    files, _, _ = PLATFORMS["Blackboard"]
    pattern = r".*?_(?P<student_id>[^_]+)_attempt_(?P<timestamp>[0-9\-]+)_(?P<file_id>.+)"
    done = desk.collect(("gradebook.zip", files), pattern=pattern)
    assert desk.tree()["ada123/tp1.ipynb"] == "new"
    assert done.outcomes[0].handed_in == "2026-10-04 09:00:00.000000 UTC"
    assert done.clean


def test_times_and_groups_of_gradescope(desk: Desk) -> None:
    """The list has times, with or without an offset; each member of a group gets its files, with a note."""
    files, _, _ = PLATFORMS["Gradescope"]
    done = desk.collect(("upload.zip", files))
    assert {one.student: one.handed_in for one in done.outcomes} == {
        "Ada_Lovelace": "2026-10-03 11:59:12.000000 UTC",
        "Bo_Lin": "2026-10-03 12:59:12.000000 UTC",
        "Cleo_Roy": "2026-10-03 12:59:12.000000 UTC",
    }
    assert [one.notes for one in done.outcomes[1:]] == [("handed in by Bo Lin, Cleo Roy together",)] * 2


def test_a_students_own_list_is_not_gradescopes(desk: Desk) -> None:
    """A file of that name among one student's files names nobody."""
    mine = GRADESCOPE.replace("submission_111", "tp1.ipynb").replace("Ada Lovelace", "Bo Lin")
    desk.collect(("class.zip", {"ada/tp1.ipynb": "a", "ada/submission_metadata.yml": mine, "bo/tp1.ipynb": "b"}))
    assert desk.tree()["ada/tp1.ipynb"] == "a"
    assert desk.tree()["bo/tp1.ipynb"] == "b"


@pytest.mark.parametrize("name", ["..\\..\\x.py", "C:\\x.py", "\\\\server\\x.py", "a\\..\\..\\x.py", "\\x.py"])
def test_backslashes_are_separators(desk: Desk, name: str) -> None:
    """They separate folders like `/`, and all checks apply."""
    own = lying_zip([Lie(b"tp1.ipynb", b"a"), Lie(name.encode(), b"evil"), Lie(b"docs\\", b"")])
    done = desk.collect(("upload.zip", {MOODLE + "file/own.zip": own}))
    assert desk.tree() == {"Ada_Lovelace/tp1.ipynb": "a"}
    assert [refused.reason for refused in done.outcomes[0].refused] == ["path"]


def test_names_are_printed_without_control_characters(desk: Desk) -> None:
    """Whatever students, archives and files are called."""
    (desk.root / "grading.toml").write_text(
        f'[course]\nname="T"\nlanguages=["en"]\nseed={{default="s"}}\n[assignments.{LAB}]\ntitle={{en="T"}}\n'
        f'[assignments.{LAB}.items.a]\npoints=1\nchecks=["a"]\ncells=["a"]\n'
    )
    bell = GRADESCOPE.replace("Bo Lin", '"Bo \\e[2J\\a\\x9b"')
    files = {EXPORT + "submission_222/tp1.ipynb": "b", EXPORT + "submission_metadata.yml": bell}
    (desk.root / "one.zip").write_bytes(zipped(files))
    odd = desk.root / "\x1b[2J\x07"
    odd.mkdir()
    for name in ("a.ipynb", "b.ipynb"):
        (odd / name).write_text("")
    for sources in (["one.zip", odd.name], [odd.name]):
        command = [sys.executable, "-m", "gradjudge.cli", "collect", LAB, *sources, "--course", "."]
        for more in ([], ["--json"]):
            done = subprocess.run([*command, *more], capture_output=True, text=True, cwd=desk.root)
            assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", done.stdout + done.stderr), done
            assert done.returncode in (1, 2)
            if more and sources[0] == "one.zip":
                students = [one["student"] for one in json.loads(done.stdout)["students"]]
                assert students == ["Bo_2J", "Cleo_Roy"]
