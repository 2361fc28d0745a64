"""Whatever names and bytes an archive has, nothing is written outside, and only one kind of error is raised."""

from __future__ import annotations

import contextlib
import functools
import gzip
import io
import lzma
import random
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from packing import Lie, lying_zip, tarred, zipped

from gradjudge.collect import collecting
from gradjudge.collect.archives import entries_of
from gradjudge.collect.entries import LIMITS
from gradjudge.collect.refusals import RefusedEntry, UnreadableArchive
from gradjudge.errors import CourseError

ROUNDS = 800

WAYS_OUT = ["..", ".", "", "C:", "\\..", "..\\..", "~", "\0", "\n", "%2e%2e", "．．", "‥", "-rf", "\u202e", "x" * 256]
OURS = ["timestamp.txt", ".collected", ".collecting-x", "own.zip", "tp1", "zoe"]
PLATFORMS = ["Ada_1_assignsubmission_file_", "Ada_1_assignsubmission_file_..", "Ada_2_assignsubmission_file_a.py"]
PLATFORMS += ["lee_3_4_..", "lee_3_4_a.py", "é", "e\u0301"]
PARTS = st.sampled_from([*WAYS_OUT, *OURS, *PLATFORMS, "a", "b.py", "tp1.ipynb"])
NAMES = st.lists(PARTS | st.text(max_size=12), min_size=1, max_size=6).map("/".join) | st.text(max_size=60)
MODES = st.sampled_from([0, 0o100644, 0o104777, 0o120777, 0o040755, 0o010644])


def everything(root: Path) -> dict[str, bytes | str | None]:
    """Return everything under a folder: files, links with their targets, folders."""
    return {str(path.relative_to(root)): _content(path) for path in root.rglob("*")}


def _content(path: Path) -> bytes | str | None:
    if path.is_symlink():
        return str(path.readlink())
    return path.read_bytes() if path.is_file() else None


@contextlib.contextmanager
def guarded() -> Iterator[tuple[Path, Path]]:
    """Yield a folder for archives and one for submissions, deep in a folder that must not change."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        into = root / "one/two/submitted"
        (into / "zoe/tp0").mkdir(parents=True)
        (into / "zoe/tp0/tp0.py").write_text("other lab")
        (root / "sentinel.py").write_text("sentinel")
        (root / "one/sentinel.py").write_text("sentinel")
        before = everything(root)
        yield root, into
        after = everything(root)
        assert {name: after.get(name) for name in before} == before
        for path in set(after) - set(before):
            parts = Path(path).parts
            assert parts[:3] == ("one", "two", "submitted") or parts == ("all.zip",), path
            if len(parts) > 4 and parts[3] != ".collected":
                assert parts[4] == "tp1", path
            assert not any(part.startswith(".collecting") for part in parts[:4]), path
            assert not (root / path).is_symlink(), path
            assert (root / path).stat().st_mode & 0o7000 == 0, path


def collect_into(root: Path, into: Path, data: bytes, options: collecting.Options | None = None) -> None:
    """Collect an archive; swallow the one error allowed."""
    (root / "all.zip").write_bytes(data)
    with contextlib.suppress(CourseError):
        collecting.collect("tp1", [root / "all.zip"], into, options or collecting.Options())


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(NAMES, MODES), min_size=1, max_size=8))
@example([("", 0), ("%2e%2e/..", 0), ("~/%2e%2e/Ada_1_assignsubmission_file_", 0)])  # a file above the common folder
def test_no_name_in_a_zip_leads_outside(entries: list[tuple[str, int]]) -> None:
    """Hostile names in the platform's archive, and in a student's own zip inside it."""
    lies = [Lie(name.encode("utf-8", "surrogatepass"), b"evil", mode) for name, mode in entries]
    lies = [lie for lie in lies if len(lie.name) < 65_536]
    with guarded() as (root, into):
        collect_into(root, into, lying_zip(lies))
    with guarded() as (root, into):
        collect_into(root, into, lying_zip([Lie(b"Ada_1_assignsubmission_file_/own.zip", lying_zip(lies))]))
    with guarded() as (root, into):
        collect_into(root, into, lying_zip(lies), collecting.Options(pattern="(?P<student_id>.*?)/(?P<file_id>.*)"))


@settings(max_examples=150, deadline=None)
@given(st.lists(NAMES, min_size=1, max_size=6))
def test_no_name_in_a_tar_leads_outside(names: list[str]) -> None:
    """The same for tar, long names and links included."""
    files = {name.encode("utf-8", "replace").decode(): b"evil" for name in names}
    with guarded() as (root, into):
        collect_into(root, into, tarred(files))


def mutated(data: bytes, rng: random.Random) -> bytes:
    """Return an archive with some bytes changed, removed, doubled, or with fields set to boundary values."""
    out = bytearray(data)
    for _ in range(rng.randint(1, 6)):
        place = rng.randrange(len(out))
        kind = rng.randrange(6)
        if kind == 0:
            out[place] = rng.randrange(256)
        elif kind == 1:
            out[place : place + 4] = rng.choice(
                [b"\xff" * 4, bytes(4), b"\x7f\xff\xff\xff", b"PK\x01\x02", b"PK\x05\x06"]
            )
        elif kind == 2:
            del out[place : place + rng.randint(1, 40)]
        elif kind == 3:
            out[place:place] = out[max(0, place - 50) : place]
        elif kind == 4:
            out[place : place + 12] = rng.choice(
                [b"77777777777\0", b"\x80" + b"\xff" * 11, b"\xff" * 12, b"-0000000001\0"]
            )
        else:
            out = out[:place]
        if not out:
            return b"P"
    return bytes(out)


@functools.cache
def seeds() -> dict[str, bytes]:
    """Return archives to start from."""
    files = {
        "Ada_1_assignsubmission_file_/tp1.ipynb": b'{"cells": []}' * 40,
        "Bob_2_assignsubmission_file_m.py": b"x = 1",
    }
    own = {"Ada_1_assignsubmission_file_/own.zip": zipped({"work/tp1.py": "x", "work/a.csv": "1" * 900})}
    return {
        "zip": zipped(files),
        "zip in zip": zipped(own),
        "stored": lying_zip([Lie(b"ada/tp1.py", b"y" * 300, method=0), Lie(b"bob/tp1.py", method=0)]),
        "tar": tarred(files),
        "gz": tarred(files, "w:gz"),
        "xz": tarred(files, "w:xz"),
        "long names": tarred({"ada/" + "d" * 150 + "/tp1.py": "1", "bob/é" + "x" * 120 + ".py": "2"}),
    }


def hostile(kind: str, rng: random.Random, *, inside: bool) -> bytes:
    """Return a damaged archive; `inside`: damage the tar before it is compressed."""
    if inside and kind in ("gz", "xz"):
        plain = mutated(seeds()["tar"], rng)
        return gzip.compress(plain) if kind == "gz" else lzma.compress(plain)
    return mutated(seeds()[kind], rng)


@pytest.mark.parametrize("kind", seeds())
def test_no_bytes_crash_a_reader(kind: str) -> None:
    """Thousands of damaged archives: entries, refusals, or the one error; no crash, no endless loop."""
    rng = random.Random(f"intake {kind}")
    limits = msgspec.structs.replace(LIMITS, archive_bytes=4 << 20, file_bytes=1 << 20)
    seen = {"entries": 0, "refused": 0, "unreadable": 0}
    for number in range(ROUNDS):
        data = hostile(kind, rng, inside=number % 2 == 0)
        with ExitStack() as stack:
            try:
                entries = entries_of(io.BytesIO(data), stack, limits)
            except UnreadableArchive:
                seen["unreadable"] += 1
                continue
            for entry in entries:
                try:
                    assert len(entry.read(limits.file_bytes)) <= limits.file_bytes
                    seen["entries"] += 1
                except RefusedEntry:
                    seen["refused"] += 1
    assert seen["unreadable"] > ROUNDS // 20, seen
    assert seen["entries"] > ROUNDS // 200, seen


@pytest.mark.parametrize("kind", seeds())
def test_no_bytes_crash_the_command(kind: str) -> None:
    """The same through `collect`, with a sentinel beside the folder of submissions."""
    rng = random.Random(f"collect {kind}")
    with guarded() as (root, into):
        for number in range(150):
            collect_into(root, into, hostile(kind, rng, inside=number % 2 == 0), collecting.Options(replace=True))
