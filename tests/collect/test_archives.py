"""Entries of zips, tars and folders: what is read, and what is refused for which reason."""

from __future__ import annotations

import io
import os
import re
import struct
import tarfile
import tracemalloc
import zipfile
from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest
from packing import Lie, lying_zip, tarred, zipped

import gradjudge.collect
from gradjudge.collect.archives import entries_of, folder_entries, open_source
from gradjudge.collect.entries import LIMITS, IntakeLimits, safe_parts
from gradjudge.collect.refusals import REASONS, Refused, RefusedEntry, UnreadableArchive

MOST = LIMITS.file_bytes


def read_all(data: bytes, limits: IntakeLimits = LIMITS) -> dict[str, bytes | str]:
    """Return the bytes of each entry, or the reason why it is refused."""
    found: dict[str, bytes | str] = {}
    with ExitStack() as stack:
        for entry in entries_of(io.BytesIO(data), stack, limits):
            try:
                found[entry.name] = entry.read(limits.file_bytes)
            except RefusedEntry as refusal:
                found[entry.name] = refusal.reason
            if entry.problem is not None:  # known to be refused: reading must refuse, too
                assert found[entry.name] == entry.problem.reason
    return found


FILES = {"lab.ipynb": b"{}" * 5000, "data/points é.csv": b"1,2", "empty.py": b""}


@pytest.mark.parametrize(
    "data",
    [
        *(zipped(FILES, method) for method in (zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED)),
        *(tarred(FILES, mode) for mode in ("w", "w:gz", "w:xz")),
        tarred(FILES, "w:gz") + bytes(512),
    ],
    ids=["zip", "stored", "tar", "gz", "xz", "padded"],
)
def test_honest_archives(data: bytes) -> None:
    """Archives made by Python's own modules are read byte for byte."""
    assert read_all(data) == FILES


def test_long_names() -> None:
    """Both tar formats of long names are read; a zip needs none."""
    name = "/".join(["a" * 60] * 5) + "/lab.ipynb"
    for form in (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=form) as archive:
            short = name if form != tarfile.USTAR_FORMAT else "b" * 60 + "/" + "a" * 80
            entry = tarfile.TarInfo(short)
            entry.size = 3
            archive.addfile(entry, io.BytesIO(b"abc"))
        assert read_all(out.getvalue()) == {short: b"abc"}


def test_a_zip64_directory_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Archives beyond 4 GB have a zip64 directory; here a small one has it."""
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 10)
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 1)
    data = zipped({"a.py": b"x" * 50, "b.py": b"y" * 50})
    assert b"PK\x06\x06" in data
    assert read_all(data) == {"a.py": b"x" * 50, "b.py": b"y" * 50}


def test_names_that_systems_write() -> None:
    """macOS writes UTF-8 without the flag; DOS wrote cp437."""
    data = lying_zip([Lie("élan.py".encode()), Lie("élan.py".encode("cp437"))])
    assert list(read_all(data)) == ["élan.py"] * 1
    with ExitStack() as stack:
        assert [entry.name for entry in entries_of(io.BytesIO(data), stack)] == ["élan.py", "élan.py"]


@pytest.mark.parametrize(
    ("lie", "reason"),
    [
        (Lie(b"a", mode=0o120777, data=b"/etc/passwd"), "link"),
        (Lie(b"a", mode=0o010644), "kind"),
        (Lie(b"a", mode=0o020644), "kind"),
        (Lie(b"a", flags=1), "encrypted"),
        (Lie(b"a", flags=0x40), "encrypted"),
        (Lie(b"a", method=12), "method"),
        (Lie(b"a", method=99), "method"),
        (Lie(b"a", data=b"x" * 100, size=10, crc=0x4B4F_0000), "longer"),
        (Lie(b"a", data=b"x" * 100, size=200), "damaged"),
        (Lie(b"a", data=b"x" * 100, method=0, size=10), "longer"),
        (Lie(b"a", data=b"x" * 100, crc=1), "damaged"),
        (Lie(b"a", packed=b"\xff\xff\xff"), "damaged"),
        (Lie(b"a", local_name=b"b"), "damaged"),
        (Lie(b"a", start=10**9), "damaged"),
        (Lie(b"a", size=MOST + 1), "size"),
        (Lie(b"a", data=bytes(3 << 20)), "ratio"),
    ],
)
def test_a_lying_entry_is_refused_alone(lie: Lie, reason: str) -> None:
    """Each lie has its reason; the entries around it are read."""
    data = lying_zip([Lie(b"before"), lie, Lie(b"after")])
    assert read_all(data) == {"before": b"x", "a": reason, "after": b"x"}


def test_a_lie_about_the_size_takes_no_memory() -> None:
    """Reading an entry that states 10 bytes and has 60 MB stops after 11."""
    data = lying_zip([Lie(b"a", data=bytes(60 << 20), size=10)])
    tracemalloc.start()
    found = read_all(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found == {"a": "longer"}
    assert peak < 4 << 20


def test_rights_are_dropped() -> None:
    """An entry with a set-user-id bit is an ordinary file: modes are never applied."""
    assert read_all(lying_zip([Lie(b"a", mode=0o106755)])) == {"a": b"x"}


def test_overlapping_entries_are_refused() -> None:
    """Many entries over the same bytes, as in zip bombs, are all refused; others are read."""
    honest = Lie(b"a" * 30, data=os.urandom(400), method=0)
    data = lying_zip([honest, *[Lie(b"a" * 30, data=honest.data, method=0, start=0)] * 50, Lie(b"apart")])
    with ExitStack() as stack:
        entries = entries_of(io.BytesIO(data), stack)
        reasons = [entry.problem.reason if entry.problem else "" for entry in entries]
    assert reasons == ["overlap"] * 51 + [""]
    inner = lying_zip([Lie(b"k", data=b"z" * 10, method=0)])
    quoted = lying_zip([Lie(b"outer", data=inner, method=0), Lie(b"k", data=b"z" * 10, method=0, start=30 + 5)])
    assert read_all(quoted) == {"outer": "overlap", "k": "overlap"}


def test_an_entry_may_not_reach_into_the_directory() -> None:
    """Data that overlap the directory are refused."""
    data = lying_zip([Lie(b"a", data=b"x" * 10, method=0, packed=b"x" * 5, size=10)])
    place = data.index(b"PK\x01\x02")
    longer = data[:place] + data[place:].replace(struct.pack("<II", 5, 10), struct.pack("<II", 40, 40), 1)
    assert read_all(longer) == {"a": "overlap"}


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: b"PK",
        lambda data: data[:-10],
        lambda data: data[:-40] + data[-22:],
        lambda data: data.replace(b"PK\x01\x02", b"PK\x09\x09"),
        lambda data: data[: len(data) // 2],
        lambda data: data[-22:],
        lambda data: b"more" + data,
        lambda data: b"PK\x03\x04" + data,
        lambda data: b"Rar!\x1a\x07\x00" + data,
    ],
)
def test_a_damaged_zip_is_said_to_be_damaged(damage: object) -> None:
    """Whatever is wrong with the directory, the error is the same."""
    with pytest.raises(UnreadableArchive):
        read_all(damage(zipped(FILES)))  # type: ignore[operator]


def test_too_many_entries() -> None:
    """Their number is limited in zips, tars and folders."""
    few = msgspec.structs.replace(LIMITS, entries=3)
    files = {f"{number}.py": b"" for number in range(9)}
    for data in (zipped(files), tarred(files)):
        assert len(read_all(data)) == 9
        with pytest.raises(UnreadableArchive, match="more than 3 entries"):
            read_all(data, few)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [*((kind, "link") for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE)), *((bytes([kind]), "kind") for kind in b"346SZ")],
)
def test_odd_tar_entries_are_refused_alone(kind: bytes, reason: str) -> None:
    """Links, devices, FIFOs and sparse files are refused; what follows is read."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        odd = tarfile.TarInfo("odd")
        odd.type, odd.linkname = kind, "/etc/passwd"
        archive.addfile(odd)
        after = tarfile.TarInfo("after")
        after.size = 1
        archive.addfile(after, io.BytesIO(b"x"))
    assert read_all(out.getvalue()) == {"odd": reason, "after": b"x"}


def header(size: bytes, kind: bytes = b"0") -> bytes:
    """Return a tar header with any size field and a right checksum."""
    block = bytearray(tarred({"a.py": b""})[:512])
    block[124:136], block[156:157], block[148:156] = size.ljust(12, b"\0"), kind, b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


@pytest.mark.parametrize(
    "data",
    [
        header(b"\xff" * 12) + bytes(2048),
        header(b"\xff" * 12, b"x") + bytes(2048),
        header(b"99999999999") + bytes(2048),
        header(b"77777777777") + bytes(2048),
        header(b"77777777777", b"x") + bytes(2048),
        header(b"77777777777", b"L") + bytes(2048),
        header(b"10", b"x") + b"999 path=a\n".ljust(512, b"\0") + bytes(1024),
        header(b"10", b"x") + b"0 path=a\n".ljust(512, b"\0") + bytes(1024),
        header(b"20", b"x") + b"16 size=-9999999\n".ljust(512, b"\0") + header(b"0") + bytes(1024),
        tarred(FILES)[:1000],
        tarred(FILES)[:200] + b"\xff" + tarred(FILES)[201:],
        tarred(FILES, "w:gz")[:-20],
        tarred(FILES, "w:xz")[:-20],
        b"\x1f\x8b" + bytes(100),
        tarred(FILES, "w:gz") + b"more",
    ],
)
def test_a_damaged_tar_is_said_to_be_damaged(data: bytes) -> None:
    """Negative sizes, on which some readers loop, sizes beyond the end, bad headers, half a file."""
    with pytest.raises(UnreadableArchive, match="damaged"):
        read_all(data)


@pytest.mark.parametrize("kind", [b"x", b"g", b"L", b"K"])
def test_a_long_header_is_not_read(kind: bytes) -> None:
    """The size of extended headers is limited: they are read whole."""
    data = header(b"%o" % (1 << 20), kind) + bytes(1 << 20) + tarred({"a.py": b""})
    with pytest.raises(UnreadableArchive, match="an extended header of 1048576 bytes"):
        read_all(data)


def test_a_compressed_tar_unpacks_to_a_bounded_size() -> None:
    """Unpacking a bomb stops at the limit, before it fills the disk."""
    small = msgspec.structs.replace(LIMITS, archive_bytes=1 << 20)
    for mode in ("w:gz", "w:xz"):
        bomb = tarred({"a.csv": bytes(8 << 20)}, mode)
        assert len(bomb) < 20_000
        with pytest.raises(UnreadableArchive, match="unpacks to more than 1048576 bytes"):
            read_all(bomb, small)


def test_links_in_a_folder_are_not_followed(tmp_path: Path) -> None:
    """Links of both kinds, FIFOs and folders that are links are refused by name."""
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.py").write_bytes(b"a")
    (folder / "sub" / "b.py").write_bytes(b"b")
    (folder / "soft.py").symlink_to("/etc/passwd")
    (folder / "away").symlink_to(tmp_path)
    (folder / "hard.py").hardlink_to(tmp_path / "other") if (tmp_path / "other").write_bytes(b"o") else None
    os.mkfifo(folder / "fifo.py")
    entries = {entry.name: entry for entry in folder_entries(folder)}
    assert {name: entry.problem.reason for name, entry in entries.items() if entry.problem} == {
        "away": "link",
        "fifo.py": "kind",
        "hard.py": "link",
        "soft.py": "link",
    }
    assert (entries["a.py"].read(9), entries["sub/b.py"].read(9)) == (b"a", b"b")
    with pytest.raises(RefusedEntry, match="at most 0"):
        entries["a.py"].read(0)
    with pytest.raises(UnreadableArchive, match="more than 3 files"):
        folder_entries(folder, msgspec.structs.replace(LIMITS, entries=3))


def test_the_depth_of_folders_is_limited(tmp_path: Path) -> None:
    """Folders nested beyond the limit are one refused entry."""
    (tmp_path / "/".join("d" * 60)).mkdir(parents=True)
    (entry,) = folder_entries(tmp_path)
    assert entry.problem is not None
    assert entry.problem.reason == "long"


def test_a_source_that_cannot_be_read(tmp_path: Path) -> None:
    """A file that is not an archive is said to be none."""
    (tmp_path / "notes.txt").write_text("hello")
    with ExitStack() as stack, pytest.raises(UnreadableArchive, match="neither a zip nor a tar"):
        open_source(tmp_path / "notes.txt", stack)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("/etc/passwd", "path"),
        ("../a.py", "path"),
        ("a/../../b.py", "path"),
        ("..", "path"),
        ("C:/a.py", "path"),
        ("c:a.py", "path"),
        ("a\\b.py", "path"),
        ("..\\a.py", "path"),
        ("a\0b.py", "path"),
        ("a\nb.py", "path"),
        ("\x1b[31ma.py", "path"),
        ("", "path"),
        ("./.", "path"),
        ("a" * 256, "long"),
        ("é" * 128, "long"),
        ("/".join(["a" * 200] * 25), "long"),
        ("/".join("a" * 40), "long"),
        (os.fsdecode(b"caf\xe9.py"), "encoding"),
    ],
)
def test_names_that_lead_elsewhere(name: str, reason: str) -> None:
    """A name that is not a path below the student's folder is refused."""
    with pytest.raises(RefusedEntry) as caught:
        safe_parts(name)
    assert caught.value.reason == reason


def test_names_that_are_paths() -> None:
    """Empty parts and single dots are removed; the rest is unchanged."""
    assert safe_parts("./a//b/c d é.py") == ("a", "b", "c d é.py")
    assert safe_parts("a" * 255) == ("a" * 255,)


@pytest.mark.parametrize("reason", sorted(REASONS))
def test_every_reason_speaks_to_staff_and_student(reason: str) -> None:
    """Staff read archive, entry, what was found and expected, and what to do; students one plain sentence."""
    refused = Refused("all.zip", "work/model.py", reason, "this")
    assert refused.staff.startswith("all.zip: work/model.py: this; expected ")
    assert ". To do: " in refused.staff
    told = refused.student.in_languages(("en", "fr"))
    assert told["en"].startswith("model.py was not taken: ")
    assert told["fr"].startswith("model.py n'a pas été pris\u00a0: ")
    for text in told.values():
        assert text.endswith(".")
        assert "archive.py" not in text


def test_pythons_own_readers_are_not_used() -> None:
    """Nothing here imports the modules that trust what archives say."""
    for path in Path(gradjudge.collect.__file__).parent.glob("*.py"):
        assert not re.search(
            r"^\s*(import|from) (zipfile|tarfile|shutil.*unpack)|extractall", path.read_text(), re.MULTILINE
        )
