"""Scratch folders: measured while they change, removed whatever is in them."""

from __future__ import annotations

import contextlib
import gc
import os
import tempfile
from contextlib import nullcontext
from pathlib import Path

import pytest

from gradjudge.sandbox.scratch import RunFolder, measure, new_scratch, remove_abandoned, remove_scratch


def test_a_scratch_folder_is_private_and_tells_nothing(tmp_path: Path) -> None:
    """Only its owner enters, and two of them differ in name."""
    first, second = new_scratch(tmp_path, {"a.csv": b"1"}), new_scratch(tmp_path, {})
    assert first.stat().st_mode & 0o777 == 0o700
    assert first.name != second.name
    assert (first / "a.csv").read_bytes() == b"1"


@pytest.mark.parametrize("name", ["../out", "/etc/x", "a/b", "..", ".", ""])
def test_companions_stay_in_the_folder(tmp_path: Path, name: str) -> None:
    """A name that leads elsewhere is refused."""
    with pytest.raises(ValueError, match="plain file name"):
        new_scratch(tmp_path, {name: b""})


def test_measuring_counts_bytes_and_entries(tmp_path: Path) -> None:
    """Folders, files, and what a sparse file claims all count; links count as themselves."""
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "file").write_bytes(bytes(5000))
    with (tmp_path / "sparse").open("wb") as sparse:
        sparse.truncate(1 << 30)
    (tmp_path / "link").symlink_to("/usr")
    usage = measure(tmp_path, most_entries=100)
    assert usage.entries == 4
    assert (1 << 30) + 5000 <= usage.size < (1 << 30) + 100_000


def test_measuring_stops_past_the_limit(tmp_path: Path) -> None:
    """A folder with too many files is not counted to its end."""
    for number in range(50):
        (tmp_path / str(number)).touch()
    assert measure(tmp_path, most_entries=10).entries == 11


def test_a_folder_that_cannot_be_listed_is_taken_for_too_much(tmp_path: Path) -> None:
    """An owner who may write into a folder and not list it would hide what it holds from an ordinary user."""
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "file").write_bytes(bytes(5000))
    inner.chmod(0o300)
    tmp_path.chmod(0o755)
    read, write = os.pipe()
    if os.fork() == 0:  # root lists it all the same
        if os.getuid() == 0:
            os.chown(tmp_path, 65534, 65534)
            os.chown(inner, 65534, 65534)
            os.chdir(tmp_path)
            os.setuid(65534)
        os.write(write, str(measure(Path(), most_entries=10).entries).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as said:
        assert said.read() == "11"
    os.wait()
    inner.chmod(0o700)


def test_what_goes_while_we_look_does_not_hide_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A session that makes and removes files all the time is measured all the same."""
    for name in "abc":
        (tmp_path / name).write_bytes(bytes(5000))
    entries = list(os.scandir(tmp_path))
    (tmp_path / entries[0].name).unlink()
    monkeypatch.setattr(os, "scandir", lambda _path: nullcontext(entries))
    assert measure(tmp_path, most_entries=10).size >= 10_000


def test_removing_does_not_follow_links(tmp_path: Path) -> None:
    """Links to files and folders go; what they point at stays."""
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").write_text("kept")
    scratch = new_scratch(tmp_path, {})
    (scratch / "to-folder").symlink_to(kept)
    (scratch / "to-file").symlink_to(kept / "file")
    (scratch / "to-nothing").symlink_to("nowhere")
    os.mkfifo(scratch / "pipe")
    remove_scratch(scratch)
    assert not scratch.exists()
    assert (kept / "file").read_text() == "kept"


def test_removing_takes_folders_of_any_mode_and_depth(tmp_path: Path) -> None:
    """Neither folders without rights nor paths beyond what the system can name stay behind."""
    scratch = new_scratch(tmp_path, {})
    here = os.open(scratch, os.O_RDONLY)
    for _ in range(200):
        os.mkdir("d" * 100, dir_fd=here)
        inner = os.open("d" * 100, os.O_RDONLY, dir_fd=here)
        os.close(os.open("file", os.O_CREAT, dir_fd=here))
        os.fchmod(here, 0)
        os.close(here)
        here = inner
    os.close(here)
    remove_scratch(scratch)
    assert not scratch.exists()


def test_removing_what_is_gone_does_nothing(tmp_path: Path) -> None:
    """A session that is closed twice, or lost its folder, is closed all the same."""
    remove_scratch(tmp_path / "absent")
    assert list(tmp_path.iterdir()) == []


def test_only_abandoned_folders_of_runs_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run holds its folder as long as it lives; what a killed one has left goes, links are not followed."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    held, abandoned = RunFolder(), RunFolder()
    (abandoned.path / "deep").mkdir()
    os.close(abandoned._lock)
    other = tmp_path / "gradjudge-of-somebody"
    other.mkdir()
    link = abandoned.path.with_name(abandoned.path.name[:-1] + "x")
    link.symlink_to(other)
    remove_abandoned()
    assert sorted(tmp_path.iterdir()) == sorted([held.path, other, link])
    held.remove()
    assert sorted(tmp_path.iterdir()) == sorted([other, link])


def test_a_run_that_is_killed_at_any_moment_leaves_a_folder_that_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the first moment on, its name is one that the next run looks at."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr("fcntl.flock", killed)
        with pytest.raises(KeyboardInterrupt):
            RunFolder()
    assert len(list(tmp_path.iterdir())) == 1
    gc.collect()
    for descriptor in Path("/proc/self/fd").iterdir():  # the process that was killed holds nothing any more
        with contextlib.suppress(OSError):
            if tmp_path in descriptor.readlink().parents:
                os.close(int(descriptor.name))
    remove_abandoned()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_another_run_takes_for_abandoned_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the making and the holding of it, somebody else may remove it."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    make, made = tempfile.mkdtemp, list[str]()

    def taken(**options: str) -> str:
        made.append(make(**options))
        if len(made) == 1:
            remove_abandoned()
        return made[-1]

    monkeypatch.setattr(tempfile, "mkdtemp", taken)
    folder = RunFolder()
    assert [str(folder.path)] == made[1:]
    assert folder.path.is_dir()
    folder.remove()
