"""`gradjudge collect` as a whole: the files in submitted/, and the messages for staff and students."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import UTC
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from packing import Lie, lying_zip, tarred, zipped

from gradjudge.cohort import runs
from gradjudge.collect import collecting
from gradjudge.collect.entries import LIMITS
from gradjudge.course.layout import Course
from gradjudge.errors import CourseError

ADA = "Ada Lovelace_12_assignsubmission_file_/"
BOB = "Bob Lee_13_assignsubmission_file_/"


class Desk:
    """A folder for archives, and one for submissions."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.into = root / "submitted"

    def file(self, name: str, data: bytes) -> Path:
        """Write an archive."""
        (self.root / name).write_bytes(data)
        return self.root / name

    def collect(self, *sources: bytes | Path, **options: Any) -> collecting.Collection:
        """Collect archives, given by their bytes or paths."""
        paths = [
            source if isinstance(source, Path) else self.file(f"all{number}.zip", source)
            for number, source in enumerate(sources)
        ]
        return collecting.collect("tp1", paths, self.into, collecting.Options(**options))

    def tree(self) -> dict[str, str]:
        """Return every file of the submissions, without the record."""
        return {
            path.relative_to(self.into).as_posix(): path.read_text(encoding="utf-8")
            for path in sorted(self.into.rglob("*"))
            if path.is_file() and ".collected" not in path.parts
        }


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Return an empty desk."""
    return Desk(tmp_path)


def states(done: collecting.Collection) -> dict[str, str]:
    """Return the state of each student's outcome."""
    return {one.student: one.state for one in done.outcomes}


def test_a_cohort_from_moodle(desk: Desk) -> None:
    """Files, folders and a student's own zip are put in place, without wrapping folders."""
    own = zipped({"tp1 final/tp1.ipynb": "{}", "tp1 final/data/a.csv": "1", "__MACOSX/tp1 final/._tp1.ipynb": ""})
    done = desk.collect(zipped({ADA + "tp1.ipynb": "[]", ADA + "data/x.csv": "2", BOB + "tp1 final.zip": own}))
    assert states(done) == {"Ada_Lovelace": "new", "Bob_Lee": "new"}
    assert desk.tree() == {
        "Ada_Lovelace/tp1/tp1.ipynb": "[]",
        "Ada_Lovelace/tp1/data/x.csv": "2",
        "Bob_Lee/tp1/tp1.ipynb": "{}",
        "Bob_Lee/tp1/data/a.csv": "1",
    }
    (desk.root / "grading.toml").touch()
    found = Course(desk.root).submissions("tp1")
    assert [(one.student, one.file) for one in found] == [
        ("Ada_Lovelace", desk.into / "Ada_Lovelace/tp1/tp1.ipynb"),
        ("Bob_Lee", desk.into / "Bob_Lee/tp1/tp1.ipynb"),
    ]
    assert done.clean
    assert sorted(path.name for path in desk.into.iterdir()) == [".collected", "Ada_Lovelace", "Bob_Lee"]


def test_every_kind_of_source(desk: Desk) -> None:
    """Canvas, tars, folders, folders of archives, one student's zip: all in one command."""
    folder = desk.root / "plain"
    (folder / "carl" / "tp1").mkdir(parents=True)
    (folder / "carl" / "tp1" / "tp1.py").write_text("c")
    (folder / "dora").mkdir()
    (folder / "dora" / "dora.ipynb").write_text("d")
    (folder / "eve.zip").write_bytes(zipped({"eve/tp1.ipynb": "e"}))
    done = desk.collect(
        desk.file("canvas.zip", zipped({"lovelaceada_1_2_tp1.ipynb": "a"})),
        desk.file("bob.tar.gz", tarred({"tp1.py": "b"}, "w:gz")),
        folder,
        desk.file("fred.tar.xz", tarred({"tp1/tp1.ipynb": "f"}, "w:xz")),
    )
    assert desk.tree() == {
        "lovelaceada/tp1/tp1.ipynb": "a",
        "bob/tp1/tp1.py": "b",
        "carl/tp1/tp1.py": "c",
        "dora/tp1/dora.ipynb": "d",
        "eve/tp1/tp1.ipynb": "e",
        "fred/tp1/tp1.ipynb": "f",
    }
    assert done.clean


def test_the_same_archive_twice_changes_nothing(desk: Desk) -> None:
    """Neither bytes nor modification times."""
    data = zipped({ADA + "tp1.ipynb": "[]", BOB + "tp1.py": "x"})
    desk.collect(data)
    before = {path: path.stat().st_mtime_ns for path in desk.into.rglob("*") if path.is_file()}
    assert states(desk.collect(data, data)) == {"Ada_Lovelace": "unchanged", "Bob_Lee": "unchanged"}
    assert {path: path.stat().st_mtime_ns for path in desk.into.rglob("*") if path.is_file()} == before
    assert len(before) == 3


def test_a_newer_attempt_replaces_an_older_one(desk: Desk) -> None:
    """With a note; files of the old attempt go; an older archive brings it back only with --replace."""
    old = tarred({"Ada_1_assignsubmission_file_/a.py": "1"})
    new = tarred({"Ada_1_assignsubmission_file_/b.py": "2"}, mtime=1_768_046_401)
    desk.collect(old)
    (one,) = desk.collect(new).outcomes
    assert (one.state, one.notes) == ("replaced", ("a newer attempt: replaces the one that was there",))
    assert desk.tree() == {"Ada/tp1/b.py": "2"}
    (one,) = desk.collect(old).outcomes
    assert one.state == "kept"
    assert re.match(r"what is there is newer \(.*\): to go back, say --replace", one.notes[0])
    assert desk.tree() == {"Ada/tp1/b.py": "2"}
    assert states(desk.collect(old, replace=True)) == {"Ada": "replaced"}
    assert desk.tree() == {"Ada/tp1/a.py": "1"}


def test_what_a_person_put_there_is_not_replaced(desk: Desk) -> None:
    """A submission that was not collected, or was changed afterwards, stays; the others are collected."""
    data = zipped({ADA + "tp1.py": "1", BOB + "tp1.py": "2"})
    (desk.into / "Ada_Lovelace/tp1").mkdir(parents=True)
    (desk.into / "Ada_Lovelace/tp1/mine.py").write_text("m")
    done = desk.collect(data)
    assert states(done) == {"Ada_Lovelace": "kept", "Bob_Lee": "new"}
    assert "which was not collected" in done.outcomes[0].notes[0]
    assert not done.clean
    (desk.into / "Bob_Lee/tp1/tp1.py").write_text("mended by hand")
    later = desk.collect(zipped({BOB + "tp1.py": "3"}))
    assert states(later) == {"Bob_Lee": "kept"}
    assert "was changed after it was collected" in later.outcomes[0].notes[0]
    assert desk.tree() == {"Ada_Lovelace/tp1/mine.py": "m", "Bob_Lee/tp1/tp1.py": "mended by hand"}
    desk.collect(data, replace=True)
    assert desk.tree() == {"Ada_Lovelace/tp1/tp1.py": "1", "Bob_Lee/tp1/tp1.py": "2"}


def test_two_students_never_merge(desk: Desk) -> None:
    """Namesakes, and names that differ in case or normalisation, get their numbers, the same ones every time."""
    names = ["Ada Lee_1", "Ada Lee_2", "ada lee_3", "Ade\u0301_4", "Adé_5", "Ade_6"]
    data = zipped({f"{name}_assignsubmission_file_/tp1.py": name[-1] for name in names})
    expected = {
        f"{folder}/tp1/tp1.py": folder[-1] for folder in ("Ada_Lee_1", "Ada_Lee_2", "ada_lee_3", "Adé_4", "Adé_5")
    }
    desk.collect(data)
    assert desk.tree() == expected | {"Ade/tp1/tp1.py": "6"}
    assert set(states(desk.collect(data)).values()) == {"unchanged"}
    desk.collect(zipped({"Ade_7_assignsubmission_file_/tp1.py": "7"}))  # a namesake who comes later
    assert desk.tree() == expected | {"Ade/tp1/tp1.py": "6", "Ade_7/tp1/tp1.py": "7"}


def test_folders_that_are_named_alike(desk: Desk) -> None:
    """Without numbers, the spelling distinguishes students."""
    done = desk.collect(zipped({"all/Ada L/tp1.py": "1", "all/ada l/tp1.py": "2", "all/Ada  L/tp1.py": "3"}))
    assert len({one.student for one in done.outcomes}) == 3
    assert sorted(desk.tree().values()) == ["1", "2", "3"]


def test_a_students_folder_in_another_spelling_is_named(desk: Desk) -> None:
    """Staff are asked whether two folders are one person's."""
    (desk.into / "ada" / "tp0").mkdir(parents=True)
    (one,) = desk.collect(zipped({"Ada_1_assignsubmission_file_/tp1.py": ""})).outcomes
    assert one.notes == ("there is a folder ada too: is this the same person?",)


def test_student_says_whose_it_is(desk: Desk) -> None:
    """A file sent by mail later goes into the folder from the platform's archive, as a newer attempt."""
    desk.collect(zipped({ADA + "tp1.py": "1"}))
    done = desk.collect(desk.file("mail.zip", zipped({"v2/a.ipynb": "2", "v2/b.ipynb": "3"})), student="Ada_Lovelace")
    assert states(done) == {"Ada_Lovelace": "replaced"}
    assert desk.tree() == {"Ada_Lovelace/tp1/a.ipynb": "2", "Ada_Lovelace/tp1/b.ipynb": "3"}
    assert states(desk.collect(zipped({ADA + "tp1.py": "1"}), replace=True)) == {"Ada_Lovelace": "replaced"}


HOSTILE = [
    (b"../../outside.py", {}, "path"),
    (b"/outside.py", {}, "path"),
    (b"C:\\outside.py", {}, "path"),
    (b"..\\..\\outside.py", {}, "path"),
    (b"a\0.py", {}, "path"),
    (b"link.py", {"mode": 0o120777, "data": b"/etc/passwd"}, "link"),
    (b"fifo.py", {"mode": 0o010644}, "kind"),
    (b"secret.py", {"flags": 1}, "encrypted"),
    (b"odd.py", {"method": 93}, "method"),
    (b"bomb.csv", {"data": bytes(9 << 20)}, "ratio"),
    (b"liar.csv", {"data": b"x" * 99, "size": 9}, "longer"),
    (b"tp1.py", {}, "duplicate"),
    (b"tp1.py/x", {}, "duplicate"),
    (b"timestamp.txt", {"data": b"1999-01-01 00:00:00 UTC"}, "reserved"),
    (b"more.zip", {}, "nested"),
    (b"work.rar", {}, "format"),
    (b"n" * 256, {}, "long"),
]


@pytest.mark.parametrize(("name", "fields", "reason"), HOSTILE, ids=[str(case[0][:16]) for case in HOSTILE])
def test_a_hostile_entry_loses_nothing_of_others(desk: Desk, name: bytes, fields: dict[str, Any], reason: str) -> None:
    """In a student's own zip: the entry is named to staff and student, and the rest is taken."""
    own = lying_zip([Lie(b"tp1.py", b"good"), Lie(name, **fields), Lie(b"m.py", b"too")])
    done = desk.collect(zipped({ADA + "own.zip": own, BOB + "tp1.py": "b"}))
    assert desk.tree() == {
        "Ada_Lovelace/tp1/tp1.py": "good",
        "Ada_Lovelace/tp1/m.py": "too",
        "Bob_Lee/tp1/tp1.py": "b",
    }
    ada, bob = done.outcomes
    (refused,) = ada.refused
    assert (refused.reason, bob.refused) == (reason, ())
    assert refused.archive == f"all0.zip: {ADA}own.zip"
    assert not done.clean
    assert not list(desk.root.rglob("*outside*"))


@pytest.mark.parametrize(("name", "fields", "reason"), HOSTILE[:11], ids=[str(case[0][:16]) for case in HOSTILE[:11]])
def test_a_hostile_entry_of_the_platforms_archive(desk: Desk, name: bytes, fields: dict[str, Any], reason: str) -> None:
    """The same in the outer archive: its owner is still known."""
    done = desk.collect(lying_zip([Lie(ADA.encode() + name, **fields), Lie(BOB.encode() + b"tp1.py", b"b")]))
    if name.startswith(b"/") or b":" in name:  # below a folder it is a name like any other, or a bad one
        assert set(states(done)) == {"Ada_Lovelace", "Bob_Lee"}
        return
    assert desk.tree() == {"Bob_Lee/tp1/tp1.py": "b"}
    assert (desk.into / "Ada_Lovelace/tp1").is_dir()
    assert [refused.reason for refused in done.outcomes[0].refused] == [reason]
    assert "nothing was taken: the folder is empty" in done.outcomes[0].notes


def test_names_that_become_unsafe_without_their_prefix(desk: Desk) -> None:
    """`..` that is left without the platform's prefix is refused."""
    entries = [Lie(b"Ada_1_assignsubmission_file_../../x.py"), Lie(b"Ada_1_assignsubmission_file_..")]
    entries += [Lie(b"Ada_1_assignsubmission_file_../x.py"), Lie(b"Ada_1_assignsubmission_file_.")]
    done = desk.collect(lying_zip([*entries, Lie(b"Ada_1_assignsubmission_file_/ok.py")]))
    assert desk.tree() == {"Ada/tp1/ok.py": "x"}
    assert [refused.reason for refused in done.outcomes[0].refused] == ["path"] * 4


def test_a_file_without_an_owner(desk: Desk) -> None:
    """It is named, and not taken."""
    done = desk.collect(zipped({ADA + "tp1.py": "", "grades.csv": "1", "../x": "2"}))
    assert [(stray.entry, stray.reason) for stray in done.strays] == [("grades.csv", "owner"), ("../x", "path")]
    assert not done.clean


def test_a_students_broken_archive(desk: Desk) -> None:
    """Half a zip affects only its student."""
    done = desk.collect(zipped({ADA + "own.zip": zipped({"tp1.py": "x"})[:50], BOB + "tp1.py": "b"}))
    assert [refused.reason for refused in done.outcomes[0].refused] == ["damaged"]
    assert desk.tree() == {"Bob_Lee/tp1/tp1.py": "b"}


def test_limits_of_one_student(desk: Desk) -> None:
    """Number, size and archives of one student are limited; what fits is taken."""
    small = msgspec.structs.replace(LIMITS, student_files=3, student_bytes=100, file_bytes=90, student_archives=2)
    files = {ADA + f"{number}.py": "x" for number in range(5)}
    done = desk.collect(zipped(files), limits=small)
    assert len(done.outcomes[0].files) == 3
    assert [refused.reason for refused in done.outcomes[0].refused] == ["count"] * 2
    files = {ADA + "a.csv": "x" * 80, ADA + "b.csv": "y" * 80, ADA + "c.csv": "z" * 20, ADA + "d.csv": "z" * 91}
    done = desk.collect(zipped(files), limits=small, replace=True)
    assert done.outcomes[0].files == ("a.csv", "c.csv")
    assert [refused.reason for refused in done.outcomes[0].refused] == ["size", "total"]
    wide = msgspec.structs.replace(small, student_bytes=10_000, file_bytes=9000, student_files=99)
    done = desk.collect(
        zipped({ADA + f"{n}.zip": zipped({f"{n}.py": ""}) for n in range(3)}), limits=wide, replace=True
    )
    assert done.outcomes[0].files == ("0.py", "1.py")
    assert [refused.reason for refused in done.outcomes[0].refused] == ["count"]


def test_damaged_entries_cannot_cost_time_without_end(desk: Desk) -> None:
    """What is unpacked in vain counts, too: only some of many damaged entries are read."""
    small = msgspec.structs.replace(LIMITS, student_bytes=10_000)
    own = lying_zip([Lie(b"%d.csv" % number, data=b"x" * 4000, crc=1) for number in range(50)])
    (one,) = desk.collect(zipped({ADA + "own.zip": own}), limits=small).outcomes
    assert [refused.reason for refused in one.refused].count("damaged") == 3
    assert [refused.reason for refused in one.refused].count("total") == 47


def test_a_limit_of_the_whole_command(desk: Desk) -> None:
    """It stops with one message; what was collected before is complete."""
    small = msgspec.structs.replace(LIMITS, total_bytes=150)
    with pytest.raises(CourseError, match="collect the rest in several commands"):
        desk.collect(zipped({ADA + "a.csv": "x" * 100, BOB + "b.csv": "y" * 100}), limits=small)
    assert list(desk.tree()) == ["Ada_Lovelace/tp1/a.csv"]


@pytest.mark.parametrize("second", [b"", b"PK\x03\x04 and no more", zipped({"a": "b"})[:-8]])
def test_a_damaged_archive_writes_nothing(desk: Desk, second: bytes) -> None:
    """Not even the archive before it."""
    with pytest.raises(CourseError, match=r"all1\.zip: .* Nothing was collected"):
        desk.collect(zipped({ADA + "tp1.py": ""}), second)
    assert not desk.into.exists()


def test_dry_run_writes_nothing(desk: Desk) -> None:
    """It reports what would be done."""
    assert states(desk.collect(zipped({ADA + "tp1.py": ""}), dry_run=True)) == {"Ada_Lovelace": "new"}
    assert not desk.into.exists()


def test_linked_folders_are_left_alone(desk: Desk) -> None:
    """A student's folder that is a link is not written to."""
    away = desk.root / "away"
    away.mkdir()
    desk.into.mkdir()
    (desk.into / "Ada_Lovelace").symlink_to(away)
    (desk.into / "Bob_Lee").write_text("a file")
    done = desk.collect(zipped({ADA + "tp1.py": "", BOB + "tp1.py": ""}), replace=True)
    assert set(states(done).values()) == {"kept"}
    assert not list(away.iterdir())


def test_times_of_handing_in(desk: Desk) -> None:
    """From the entries only with --times, in the zone of --zone; the late policy reads them."""
    data = zipped({"all/ada/tp1.py": "", "all/bob/tp1.py": ""})
    desk.collect(data)
    assert not list(desk.into.rglob("timestamp.txt"))
    done = desk.collect(data, times=True, zone=ZoneInfo("Europe/Paris"))
    assert states(done) == {"ada": "replaced", "bob": "replaced"}
    assert done.outcomes[0].notes == ("the same files: only the time of handing in is another one",)
    assert desk.tree()["ada/tp1/timestamp.txt"] == "2026-01-10 11:00:00.000000 UTC"
    assert done.outcomes[0].handed_in == "2026-01-10 11:00:00.000000 UTC"
    rubric = "[course]\nname='T'\nlanguages=['en']\nseed={default='s'}\n[late]\nper_day=0.1\nmax_days=5\n"
    rubric += "[assignments.tp1]\ntitle={en='T'}\ndue=2026-01-10T10:00:00+00:00\n"
    rubric += "[assignments.tp1.items.a]\npoints=1\nchecks=['a']\ncells=['a']\n"
    (desk.root / "grading.toml").write_text(rubric)
    late = runs.handed_in(Course(desk.root), "tp1", desk.into / "ada/tp1")
    assert late is not None
    assert (late.handed_in, late.penalty) == ("2026-01-10T11:00:00+00:00", 0.1)


def test_times_in_a_students_own_archive_do_not_count(desk: Desk) -> None:
    """Only the outer archive's times count: students control the inner ones."""
    desk.collect(tarred({"ada.tar": tarred({"tp1.py": ""}, mtime=2_000_000_000)}), times=True)
    assert desk.tree()["ada/tp1/timestamp.txt"] == "2026-01-10 12:00:00.000000 UTC"


def test_times_from_names(desk: Desk) -> None:
    """With a pattern, the newest time of a student's files is the time of handing in, and the newest file counts."""
    pattern = r"(?P<student_id>\w+)@(?P<timestamp>\d{12})@(?P<file_id>.+)"
    data = zipped({"ada@202601101200@tp1.py": "1", "ada@202601101300@m.py": "2"})
    desk.collect(data, pattern=pattern, zone=UTC)
    assert desk.tree() == {
        "ada/tp1/tp1.py": "1",
        "ada/tp1/m.py": "2",
        "ada/tp1/timestamp.txt": "2026-01-10 13:00:00.000000 UTC",
    }


def test_two_attempts_in_one_archive(desk: Desk) -> None:
    """With times in the names, the newer file of one name is taken and the older one noted; that is no error."""
    pattern = r"(?P<student_id>\w+)@(?P<timestamp>\d{12})@(?P<file_id>.+)"
    names = {"ada@202601101200@tp1.py": "old", "ada@202601101300@tp1.py": "new", "ada@202601101100@tp1.py": "older"}
    done = desk.collect(zipped(names), pattern=pattern)
    assert desk.tree()["ada/tp1/tp1.py"] == "new"
    assert done.outcomes[0].notes == (
        "passed over, an older file of the same name: ada@202601101200@tp1.py",
        "passed over, an older file of the same name: ada@202601101100@tp1.py",
    )
    assert done.clean


def test_a_folder_is_complete_or_absent(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk leaves the students before, nothing of this one, and no unfinished folder."""
    right, wrote = os.open, []

    def full(path: Any, flags: int, *rest: Any, **more: Any) -> int:
        if flags & os.O_CREAT and str(path).endswith("b2.py"):
            raise OSError(28, "No space left on device", str(path))
        wrote.append(path)
        return right(path, flags, *rest, **more)

    monkeypatch.setattr(os, "open", full)
    with pytest.raises(CourseError, match="No space left on device"):
        desk.collect(zipped({ADA + "a.py": "1", BOB + "b1.py": "2", BOB + "b2.py": "3"}))
    monkeypatch.undo()
    assert desk.tree() == {"Ada_Lovelace/tp1/a.py": "1"}
    assert sorted(path.name for path in desk.into.iterdir()) == [".collected", "Ada_Lovelace"]
    assert states(desk.collect(zipped({ADA + "a.py": "1", BOB + "b1.py": "2", BOB + "b2.py": "3"}))) == {
        "Ada_Lovelace": "unchanged",
        "Bob_Lee": "new",
    }


def test_a_path_too_long_for_the_system(desk: Desk) -> None:
    """It is one refused entry."""
    deep = "/".join(["d" * 250] * 15)
    done = desk.collect(zipped({ADA + f"{deep}/{'f' * 200}.py": "", ADA + "tp1.py": "1"}))
    assert [refused.reason for refused in done.outcomes[0].refused] == ["long"]
    assert desk.tree() == {"Ada_Lovelace/tp1/tp1.py": "1"}


# --- the command ----------------------------------------------------------------------------------------------------

RUBRIC = """
[course]
name = "T"
languages = ["en"]
seed = { default = "s" }
[assignments.tp1]
title = { en = "T" }
[assignments.tp1.items.a]
points = 1
checks = ["a"]
cells = ["a"]
"""


def run(desk: Desk, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ``gradjudge collect`` in a course."""
    (desk.root / "grading.toml").write_text(RUBRIC)
    command = [sys.executable, "-m", "gradjudge.cli", "collect", *arguments, "--course", str(desk.root)]
    return subprocess.run(command, capture_output=True, text=True, cwd=desk.root)


def test_the_command_prints_a_table(desk: Desk) -> None:
    """Students, files and notes; one line for each refusal, without control characters in names."""
    own = lying_zip([Lie(b"tp1.py"), Lie(b"\x1b[31m[bold]/../x")])
    desk.file("all.zip", zipped({ADA + "own.zip": own, BOB + "tp1.py": "b"}))
    done = run(desk, "tp1", "all.zip")
    assert done.returncode == 1, done.stderr
    assert re.search(r"^student +submission +files +notes", done.stdout)
    assert re.search(r"^Ada_Lovelace +new +1 +1 not taken", done.stdout, re.MULTILINE)
    assert "2 new, 0 replaced, 0 unchanged, 0 kept. In " in done.stdout
    (line,) = done.stderr.splitlines()
    assert line.startswith(
        f"not taken, Ada_Lovelace: all.zip: {ADA}own.zip: \\u001b[31m[bold]/../x: control characters"
    )
    assert "To do: ask the student to pack it again." in line
    assert "\x1b" not in done.stdout + done.stderr
    again = run(desk, "tp1", "all.zip", "--json")
    view = json.loads(again.stdout)
    assert [one["state"] for one in view["students"]] == ["unchanged", "unchanged"]
    (told,) = view["students"][0]["for_student"]
    assert told["en"].startswith("x was not taken: ")
    assert set(told) == {"en"}, "the languages of the course"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("tp2", "all.zip"), "tp2"),
        (("tp1", "nowhere.zip"), "no such file or folder"),
        (("tp1", "broken.zip"), "broken.zip: damaged zip"),
        (("tp1", "empty.zip"), "no file in it"),
        (("tp1", "all.zip", "--zone", "Mars"), "--zone Mars: unknown"),
        (("tp1", "all.zip", "--student", "a", "--pattern", "b"), "say one of them"),
        (("tp1", "all.zip", "--pattern", "("), "not a regular expression"),
    ],
)
def test_the_command_ends_with_one_message(desk: Desk, arguments: tuple[str, ...], words: str) -> None:
    """Exit code 2, one line, nothing written."""
    desk.file("all.zip", zipped({ADA + "tp1.py": ""}))
    desk.file("broken.zip", zipped({ADA + "tp1.py": ""})[:-30])
    desk.file("empty.zip", zipped({}))
    done = run(desk, *arguments)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), done.stderr
    assert words in done.stderr
    assert not desk.into.exists()
