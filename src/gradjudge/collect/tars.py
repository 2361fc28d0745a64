"""Entries of tar archives, plain or compressed with gzip or xz."""

from __future__ import annotations

import lzma
import os
import re
import tempfile
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import BinaryIO

import msgspec

from gradjudge.collect.entries import Entry, IntakeLimits, refused
from gradjudge.collect.refusals import RefusedEntry, UnreadableArchive

BLOCK = 512
CHUNK = 1 << 18
MOST_EXTENSION = 64 << 10  # bytes of an extended header, such as a long name
XZ_MEMORY = 256 << 20
REGULAR = (b"0", b"\0", b"7")
REFUSALS = {
    b"1": ("link", "a hard link"),
    b"2": ("link", "a symbolic link"),
    b"3": ("kind", "a device"),
    b"4": ("kind", "a device"),
    b"6": ("kind", "a FIFO"),
}


def unpacked(stream: BinaryIO, limits: IntakeLimits) -> BinaryIO:
    """Unpack a gzip or xz stream into an unnamed temporary file.

    Raises:
        UnreadableArchive: it is damaged, or larger than `limits.archive_bytes`.
    """
    plain = tempfile.TemporaryFile()  # noqa: SIM115  the caller closes it
    try:
        _inflate(stream, plain, limits.archive_bytes)
    except BaseException as error:
        plain.close()
        if isinstance(error, zlib.error | lzma.LZMAError | EOFError):
            raise UnreadableArchive(f"damaged: {error}; download it again") from error
        raise
    plain.seek(0)
    return plain


def _inflate(stream: BinaryIO, plain: BinaryIO, most: int) -> None:
    """Unpack every member of a stream, in bounded chunks."""
    gzip = stream.read(2) == b"\x1f\x8b"
    stream.seek(0)
    packed, total = stream.read(CHUNK), 0
    while packed.strip(b"\0"):  # members may be padded with zeros
        member = _Gzip() if gzip else _Xz()
        while not member.eof:
            fresh = member.feed(packed)
            total += plain.write(fresh)
            if total > most:
                raise UnreadableArchive(f"it unpacks to more than {most} bytes")
            packed = b""
            if not member.eof and member.hungry:
                packed = stream.read(CHUNK)
                if not packed and not fresh:
                    raise EOFError("it ends too early")
        packed = member.rest + stream.read(CHUNK)


class _Gzip:
    """One gzip member."""

    def __init__(self) -> None:
        self._unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)

    def feed(self, packed: bytes) -> bytes:
        return self._unpacker.decompress(self._unpacker.unconsumed_tail + packed, CHUNK)

    @property
    def hungry(self) -> bool:
        return not self._unpacker.unconsumed_tail

    @property
    def eof(self) -> bool:
        return self._unpacker.eof

    @property
    def rest(self) -> bytes:
        return self._unpacker.unused_data


class _Xz:
    """One xz stream, in bounded memory."""

    def __init__(self) -> None:
        self._unpacker = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=XZ_MEMORY)

    def feed(self, packed: bytes) -> bytes:
        return self._unpacker.decompress(packed, CHUNK)

    @property
    def hungry(self) -> bool:
        return self._unpacker.needs_input

    @property
    def eof(self) -> bool:
        return self._unpacker.eof

    @property
    def rest(self) -> bytes:
        return self._unpacker.unused_data


class _Header(msgspec.Struct, frozen=True):
    """One header of 512 bytes."""

    name: bytes
    size: int
    mtime: int
    kind: bytes


def tar_entries(stream: BinaryIO, limits: IntakeLimits) -> list[Entry]:
    """Return the files of a tar, in order; folders are left out.

    Raises:
        UnreadableArchive: it is damaged, ends too early, or has too many entries.
    """
    total = stream.seek(0, os.SEEK_END)
    found: list[Entry] = []
    place, headers, extended = 0, 0, dict[str, bytes]()
    while place + BLOCK <= total:
        stream.seek(place)
        header = _header(stream.read(BLOCK), place)
        if header is None:
            return found
        headers += 1
        if headers > 2 * limits.entries:
            raise UnreadableArchive(f"more than {limits.entries} entries")
        start = place + BLOCK
        size = header.size
        if header.kind in (b"x", b"g", b"L", b"K"):
            if size > MOST_EXTENSION:
                raise UnreadableArchive(f"damaged tar: an extended header of {size} bytes at byte {place}")
            if header.kind == b"x":
                extended |= _extended(stream.read(size))
            elif header.kind == b"L":
                extended["path"] = stream.read(size).rstrip(b"\0")
        else:
            size = _number(extended["size"], 10, place) if "size" in extended else size
            if header.kind != b"5":
                found.append(_entry(stream, header, extended, start, size, limits))
            extended = {}
        place = start + (size + BLOCK - 1) // BLOCK * BLOCK
    if place > total or not found:
        raise UnreadableArchive("damaged tar: it ends too early; download it again")
    return found


def _header(block: bytes, place: int) -> _Header | None:
    """Parse a header; None for the zeros at the end."""
    if not block.strip(b"\0"):
        return None
    stated = _number(block[148:156], 8, place)
    if stated != sum(block[:148]) + 8 * 32 + sum(block[156:]):
        raise UnreadableArchive(f"damaged tar: a header at byte {place} does not fit its checksum; download it again")
    name, prefix = block[:100].split(b"\0")[0], block[345:500].split(b"\0")[0]
    if block[257:263] == b"ustar\0" and prefix:
        name = prefix + b"/" + name
    return _Header(name, _number(block[124:136], 8, place), _number(block[136:148], 8, place), block[156:157])


def _number(field: bytes, base: int, place: int) -> int:
    """Parse a number that must not be negative: digits, or GNU's binary form."""
    if field[:1] == b"\x80":
        return int.from_bytes(field[1:], "big")
    digits = field.strip(b" \0")
    if not re.fullmatch(rb"[0-7]{0,20}" if base == 8 else rb"[0-9]{0,20}", digits):
        raise UnreadableArchive(f"damaged tar: {digits[:20]!r} is no number, at byte {place}")
    return int(digits or b"0", base)


def _extended(data: bytes) -> dict[str, bytes]:
    """Parse the records ``12 path=name`` of a pax header; keep path, size and sparse ones."""
    found: dict[str, bytes] = {}
    place = 0
    while place < len(data):
        length, gap, _ = data[place : place + 10].partition(b" ")
        if not gap or not length.isdigit() or int(length) <= len(length) + 1 or place + int(length) > len(data):
            raise UnreadableArchive("damaged tar: an extended header that cannot be read")
        key, _, value = data[place + len(length) + 1 : place + int(length) - 1].partition(b"=")
        if key in (b"path", b"size") or key.startswith(b"GNU.sparse"):
            found[key.decode()] = value
        place += int(length)
    return found


def _entry(
    stream: BinaryIO, header: _Header, extended: dict[str, bytes], start: int, size: int, limits: IntakeLimits
) -> Entry:
    name = extended.get("path", header.name).decode("utf-8", "surrogateescape")
    problem = None
    if header.kind in REFUSALS:
        problem = RefusedEntry(*REFUSALS[header.kind])
    elif header.kind not in REGULAR or any(key.startswith("GNU.sparse") for key in extended):
        problem = RefusedEntry("kind", f"an entry of kind {header.kind!r}, or with holes")
    elif size > limits.file_bytes:
        problem = RefusedEntry("size", f"{size} bytes, at most {limits.file_bytes} are taken")
    read = refused(problem.reason, problem.detail) if problem is not None else _reader(stream, start, size)
    try:
        when = datetime.fromtimestamp(header.mtime, UTC)
    except (ValueError, OverflowError, OSError):
        when = None
    return Entry(name, size, read, when, problem)


def _reader(stream: BinaryIO, start: int, size: int) -> Callable[[int], bytes]:
    def read(most: int) -> bytes:
        if size > most:
            raise RefusedEntry("size", f"{size} bytes, at most {most} are taken")
        stream.seek(start)
        data = stream.read(size)
        if len(data) < size:
            raise RefusedEntry("damaged", "the archive ends within it")
        return data

    return read
