"""Make archives: honest ones with Python's modules, hostile ones byte by byte."""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple


def zipped(files: Mapping[str, bytes | str], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return an honest zip."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 10, 12, 0, 0)), data, method)
    return out.getvalue()


def tarred(files: Mapping[str, bytes | str], mode: str = "w", mtime: int = 1_768_046_400) -> bytes:
    """Return an honest tar."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:  # type: ignore[call-overload]
        for name, data in files.items():
            raw = data.encode() if isinstance(data, str) else data
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime = len(raw), mtime
            archive.addfile(entry, io.BytesIO(raw))
    return out.getvalue()


class Lie(NamedTuple):
    """A zip entry in which every field can be wrong; None for the right value."""

    name: bytes
    data: bytes = b"x"
    mode: int = 0o100644
    flags: int = 0
    method: int = 8
    size: int | None = None
    packed: bytes | None = None
    crc: int | None = None
    local_name: bytes | None = None
    start: int | None = None


def lying_zip(entries: Sequence[Lie]) -> bytes:
    """Return a zip of such entries; an entry with a `start` has no bytes of its own."""
    body, directory = bytearray(), bytearray()
    for one in entries:
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        packed = packer.compress(one.data) + packer.flush() if one.method == 8 else one.data
        packed = packed if one.packed is None else one.packed
        size = len(one.data) if one.size is None else one.size
        crc = zlib.crc32(one.data) if one.crc is None else one.crc
        start = len(body) if one.start is None else one.start
        common = (one.flags, one.method, 0x6000, 0x5C2A, crc, len(packed), size)
        if one.start is None:
            local = one.name if one.local_name is None else one.local_name
            body += struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, *common, len(local), 0) + local + packed
        directory += struct.pack("<4s6H3I5H2I", b"PK\x01\x02", 0x0314, 20, *common, len(one.name), 0, 0, 0, 0,
                                 one.mode << 16, start) + one.name  # fmt: skip
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, len(entries) & 0xFFFF, len(entries) & 0xFFFF,
                      len(directory), len(body), 0)  # fmt: skip
    return bytes(body + directory + end)
