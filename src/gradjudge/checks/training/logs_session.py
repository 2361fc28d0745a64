"""Source for the session: read TensorBoard's scalars and images back from event files.

Only the records and their protocol buffers are used. The student's process can read all of it.
"""

from __future__ import annotations

import contextlib
import gc
import itertools
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, TypeVar

Point = tuple[int, float]
"""Step and value of a scalar."""

Image = tuple[int, int, int, int]
"""Step, height and width in pixels, and channels of an image."""

MOST_POINTS: Final = 20_000
"""Limit on the points that are read in all."""

_Entry = TypeVar("_Entry")

_SCRATCH: Final = Path(__file__).parent

_RECORD_LIMIT: Final = 1 << 24
_LENGTH: Final = struct.Struct("<Q")
_CHECKSUM: Final = 4


def read_scalars(folder: str) -> dict[str, list[Point]]:
    """Return the points of each tag in the event files under `folder` of the scratch folder, as they were written.

    Writers that are still open are flushed first. If several runs (folders) have a tag, the latest run gets its plain
    name, and the others ``run/tag``.
    """
    return _by_tag(_SCRATCH / folder, _scalar)


def read_images(folder: str) -> dict[str, list[Image]]:
    """Return the sizes of the images of each tag, as `read_scalars` does with points; pixels are not decoded."""
    return _by_tag(_SCRATCH / folder, _image)


def _by_tag(folder: Path, read: Callable[[int, Any], _Entry | None]) -> dict[str, list[_Entry]]:
    _flush_writers()
    runs: dict[Path, list[Path]] = {}
    for file in folder.rglob("*tfevents*"):
        if file.is_file():
            runs.setdefault(file.parent, []).append(file)
    latest = sorted(runs, key=lambda run: max((f.stat().st_mtime_ns, f.name) for f in runs[run]), reverse=True)
    found: dict[str, list[_Entry]] = {}
    left = MOST_POINTS
    for run in latest:
        tags: dict[str, list[_Entry]] = {}
        for tag, entry in itertools.islice(_entries(sorted(runs[run]), read), left):
            tags.setdefault(tag, []).append(entry)
            left -= 1
        for tag, entries in tags.items():
            found[f"{run.relative_to(folder)}/{tag}" if tag in found else tag] = entries
    return found


def _flush_writers() -> None:
    # This is quick: objects from before the fork are frozen, and get_objects leaves them out.
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    for item in gc.get_objects():
        if issubclass(type(item), EventFileWriter):
            with contextlib.suppress(Exception):  # it may be closed
                item.flush()


def _entries(files: list[Path], read: Callable[[int, Any], _Entry | None]) -> Iterator[tuple[str, _Entry]]:
    from tensorboard.compat.proto.event_pb2 import Event

    for file in files:
        for record in _records(file):
            event = Event.FromString(record)
            for value in event.summary.value:
                entry = read(event.step, value)
                if entry is not None:
                    yield value.tag, entry


def _scalar(step: int, value: Any) -> Point | None:
    if value.HasField("simple_value"):
        return step, float(value.simple_value)
    if value.HasField("tensor") and len(value.tensor.float_val) == 1:
        return step, float(value.tensor.float_val[0])
    return None


def _image(step: int, value: Any) -> Image | None:
    if not value.HasField("image"):
        return None
    return step, int(value.image.height), int(value.image.width), int(value.image.colorspace)


def _records(file: Path) -> Iterator[bytes]:
    """Yield the records of an event file, up to one that is cut short."""
    with file.open("rb") as stream:
        while len(head := stream.read(_LENGTH.size + _CHECKSUM)) == _LENGTH.size + _CHECKSUM:
            (size,) = _LENGTH.unpack_from(head)
            record = stream.read(min(size, _RECORD_LIMIT) + _CHECKSUM)
            if len(record) != size + _CHECKSUM:
                return
            yield record[:-_CHECKSUM]
