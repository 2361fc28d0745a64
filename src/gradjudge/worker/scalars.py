"""Read TensorBoard's scalars back from event files, with nothing but the records and their protocol buffers."""

from __future__ import annotations

import contextlib
import gc
import itertools
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

Point = tuple[int, float]

MOST_POINTS: Final = 20_000
"""Points that are read in all."""

_RECORD_LIMIT: Final = 1 << 24
_LENGTH: Final = struct.Struct("<Q")
_CHECKSUM: Final = 4


def read_scalars(folder: Path) -> dict[str, list[Point]]:
    """Return the points of each tag in the event files under `folder`, as they were written.

    Writers that are still open are flushed first. Where several runs (folders) have a tag, the run that was written
    last has its name, and the others' are ``run/tag``.
    """
    _flush_writers()
    runs: dict[Path, list[Path]] = {}
    for file in folder.rglob("*tfevents*"):
        if file.is_file():
            runs.setdefault(file.parent, []).append(file)
    latest = sorted(runs, key=lambda run: max((f.stat().st_mtime_ns, f.name) for f in runs[run]), reverse=True)
    found: dict[str, list[Point]] = {}
    left = MOST_POINTS
    for run in latest:
        tags: dict[str, list[Point]] = {}
        for tag, point in itertools.islice(_points(sorted(runs[run])), left):
            tags.setdefault(tag, []).append(point)
            left -= 1
        for tag, points in tags.items():
            found[f"{run.relative_to(folder)}/{tag}" if tag in found else tag] = points
    return found


def _flush_writers() -> None:
    # Objects from before the fork are frozen, and get_objects leaves them out: this is quick.
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    for item in gc.get_objects():
        if issubclass(type(item), EventFileWriter):
            with contextlib.suppress(Exception):  # it was closed
                item.flush()


def _points(files: list[Path]) -> Iterator[tuple[str, Point]]:
    from tensorboard.compat.proto.event_pb2 import Event

    for file in files:
        for record in _records(file):
            event = Event.FromString(record)
            for value in event.summary.value:
                number = _number(value)
                if number is not None:
                    yield value.tag, (event.step, number)


def _number(value: Any) -> float | None:
    if value.HasField("simple_value"):
        return float(value.simple_value)
    if value.HasField("tensor") and len(value.tensor.float_val) == 1:
        return float(value.tensor.float_val[0])
    return None


def _records(file: Path) -> Iterator[bytes]:
    """Return the records of an event file; a record that is cut short ends it."""
    with file.open("rb") as stream:
        while len(head := stream.read(_LENGTH.size + _CHECKSUM)) == _LENGTH.size + _CHECKSUM:
            (size,) = _LENGTH.unpack_from(head)
            record = stream.read(min(size, _RECORD_LIMIT) + _CHECKSUM)
            if len(record) != size + _CHECKSUM:
                return
            yield record[:-_CHECKSUM]
