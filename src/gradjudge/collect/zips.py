"""Entries of zip files. Stated sizes, names and offsets are compared with the actual ones."""

from __future__ import annotations

import os
import stat
import struct
import zlib
from collections.abc import Callable
from datetime import datetime
from typing import BinaryIO

import msgspec

from gradjudge.collect.entries import Entry, IntakeLimits, refused
from gradjudge.collect.refusals import RefusedEntry, UnreadableArchive

END, END64, LOCATOR = struct.Struct("<4s4H2IH"), struct.Struct("<4sQ2H2I4Q"), struct.Struct("<4sIQI")
CENTRAL, LOCAL = struct.Struct("<4s6H3I5H2I"), struct.Struct("<4s5H3I2H")
STORED, DEFLATED = 0, 8
ENCRYPTED, UTF8 = 0x0041, 0x0800
MOST_DIRECTORY = 32 << 20
CHUNK = 1 << 16


class Record(msgspec.Struct, frozen=True):
    """An entry as stated in the central directory."""

    name: bytes
    flags: int
    method: int
    date: int
    time: int
    crc: int
    packed: int
    size: int
    mode: int
    start: int


def zip_entries(stream: BinaryIO, limits: IntakeLimits) -> list[Entry]:
    """Return the files of a zip, in the order of the central directory; folders are left out.

    Raises:
        UnreadableArchive: its directory is damaged, or has too many entries.
    """
    try:
        records, end = _directory(stream, limits)
    except (struct.error, OverflowError, OSError, ValueError) as error:
        raise UnreadableArchive(f"damaged zip: {error}") from error
    problems = _overlaps(stream, records, end)
    return [
        _entry(stream, record, problems.get(number) or _problem(record, limits))
        for number, record in enumerate(records)
        if not (record.name.endswith((b"/", b"\\")) and record.size == 0)
    ]


def _directory(stream: BinaryIO, limits: IntakeLimits) -> tuple[list[Record], int]:
    """Return the records of the directory, and its offset."""
    size, offset, end = _end(stream)
    start = end - size
    if start != offset or start < 0:
        raise UnreadableArchive("damaged zip: its directory is not where it says")
    if size > MOST_DIRECTORY:
        raise UnreadableArchive(f"a directory of {size} bytes; at most {MOST_DIRECTORY} are read")
    stream.seek(start)
    data, place, records = stream.read(size), 0, list[Record]()
    while place < len(data):
        if len(records) == limits.entries:
            raise UnreadableArchive(f"more than {limits.entries} entries")
        record, place = _record(data, place)
        records.append(record)
    return records, start


def _end(stream: BinaryIO) -> tuple[int, int, int]:
    """Return size, stated offset and end of the directory."""
    total = stream.seek(0, os.SEEK_END)
    first = stream.seek(max(0, total - END.size - 0xFFFF))
    tail = stream.read()
    place = tail.rfind(b"PK\x05\x06")
    if place < 0 or len(tail) - place < END.size:
        raise UnreadableArchive("damaged zip: it has no directory at its end; download it again")
    *_, size, offset, _comment = END.unpack_from(tail, place)
    end = first + place
    if end >= LOCATOR.size + END64.size:  # zip64: beyond 4 GB or 65 535 entries
        stream.seek(end - LOCATOR.size - END64.size)
        big = END64.unpack(stream.read(END64.size))
        if big[0] == b"PK\x06\x06" and stream.read(4) == b"PK\x06\x07":
            return big[8], big[9], end - LOCATOR.size - END64.size
    return size, offset, end


def _record(data: bytes, place: int) -> tuple[Record, int]:
    """Parse the record at a place of the directory; return the next place too."""
    fields = CENTRAL.unpack_from(data, place)
    mark, _made, _needs, flags, method, time, date, crc, packed, size, name, extra, comment, *_, attributes, start = (
        fields
    )
    if mark != b"PK\x01\x02":
        raise UnreadableArchive("damaged zip: its directory has something else between two entries")
    place += CENTRAL.size
    following = place + name + extra + comment
    if following > len(data):
        raise UnreadableArchive("damaged zip: its directory ends within an entry")
    sizes = _large(data[place + name : place + name + extra], (size, packed, start))
    stated = data[place : place + name]
    return Record(stated, flags, method, date, time, crc, sizes[1], sizes[0], attributes >> 16, sizes[2]), following


def _large(extra: bytes, stated: tuple[int, int, int]) -> list[int]:
    """Replace sizes that do not fit into 32 bits by those in the zip64 field."""
    values, place = list(stated), 0
    while place + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, place)
        field, place = extra[place + 4 : place + 4 + size], place + 4 + size
        if kind == 1:
            for index, value in enumerate(values):
                if value == 0xFFFFFFFF:
                    values[index], field = struct.unpack_from("<Q", field)[0], field[8:]
            break
    return values


def _overlaps(stream: BinaryIO, records: list[Record], directory: int) -> dict[int, RefusedEntry]:
    """Find entries that share bytes with another or with the directory, or whose local header is wrong."""
    problems: dict[int, RefusedEntry] = {}
    spans = []
    for number, record in enumerate(records):
        try:
            spans.append((record.start, _data(stream, record) + record.packed, number))
        except RefusedEntry as problem:
            problems[number] = problem
    reach, holder = 0, -1
    for start, end, number in sorted(spans):
        if start < reach or end > directory:
            problems[number] = RefusedEntry("overlap", "its bytes are those of another entry, too")
            if start < reach:
                problems[holder] = problems[number]
        if end > reach:
            reach, holder = end, number
    return problems


def _data(stream: BinaryIO, record: Record) -> int:
    """Return the offset of an entry's data, after its local header."""
    try:
        stream.seek(record.start)
        fields = LOCAL.unpack(stream.read(LOCAL.size))
        name = stream.read(fields[9])
    except (struct.error, OSError, OverflowError, ValueError) as error:
        raise RefusedEntry("damaged", "its own header is not there") from error
    if fields[0] != b"PK\x03\x04" or name != record.name:
        raise RefusedEntry("damaged", "its own header does not fit the directory of the archive")
    return record.start + LOCAL.size + int(fields[9]) + int(fields[10])


def _problem(record: Record, limits: IntakeLimits) -> RefusedEntry | None:
    """Return why an entry is refused, as far as the directory tells."""
    if stat.S_ISLNK(record.mode):
        return RefusedEntry("link", "a symbolic link")
    if stat.S_IFMT(record.mode) not in (0, stat.S_IFREG):
        return RefusedEntry("kind", f"mode {record.mode:o}")
    if record.flags & ENCRYPTED:
        return RefusedEntry("encrypted", "a password")
    if record.method not in (STORED, DEFLATED):
        return RefusedEntry("method", f"compression {record.method}")
    if record.size > limits.file_bytes:
        return RefusedEntry("size", f"{record.size} bytes, at most {limits.file_bytes} are taken")
    if record.size > limits.ratio_from and record.size > limits.ratio * record.packed:
        return RefusedEntry("ratio", f"{record.packed} bytes that unpack to {record.size}")
    return None


def _entry(stream: BinaryIO, record: Record, problem: RefusedEntry | None) -> Entry:
    read = refused(problem.reason, problem.detail) if problem is not None else _reader(stream, record)
    return Entry(_text(record), record.size, read, _when(record), problem)


def _text(record: Record) -> str:
    """Decode a name: as UTF-8, which macOS does not declare, else as cp437. PowerShell writes ``\\`` for ``/``."""
    try:
        name = record.name.decode()
    except UnicodeDecodeError:
        name = record.name.decode("utf-8", "surrogateescape") if record.flags & UTF8 else record.name.decode("cp437")
    return name.replace("\\", "/")


def _when(record: Record) -> datetime | None:
    date, time = record.date, record.time
    try:
        return datetime(
            (date >> 9) + 1980, date >> 5 & 15, date & 31, time >> 11, time >> 5 & 63, min(59, (time & 31) * 2)
        )
    except ValueError:
        return None


def _reader(stream: BinaryIO, record: Record) -> Callable[[int], bytes]:
    def read(most: int) -> bytes:
        if record.size > most:
            raise RefusedEntry("size", f"{record.size} bytes, at most {most} are taken")
        stream.seek(_data(stream, record))
        data = _unpack(stream, record)
        if len(data) > record.size:
            raise RefusedEntry("longer", f"it says {record.size} bytes and has more")
        if len(data) < record.size or zlib.crc32(data) != record.crc:
            raise RefusedEntry("damaged", "its bytes do not fit its checksum")
        return bytes(data)

    return read


def _unpack(stream: BinaryIO, record: Record) -> bytearray:
    """Return the bytes of an entry, and one more if there are more than stated."""
    if record.method == STORED:
        return bytearray(stream.read(min(record.packed, record.size + 1)))
    unpacker, left, data = zlib.decompressobj(-zlib.MAX_WBITS), record.packed, bytearray()
    try:
        while not unpacker.eof and len(data) <= record.size:
            packed = unpacker.unconsumed_tail
            if not packed:
                packed = stream.read(min(CHUNK, left))
                left -= len(packed)
            fresh = unpacker.decompress(packed, record.size + 1 - len(data))
            data += fresh
            if not packed and not fresh:
                break
    except zlib.error as error:
        raise RefusedEntry("damaged", f"it cannot be unpacked: {error}") from error
    return data
