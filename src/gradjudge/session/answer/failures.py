"""Record a student's exception in bounded size, without trusting it."""

from __future__ import annotations

import errno
import itertools
import mmap
import re
import traceback
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Final

from gradjudge.session.answer.causes import cause_of, public_name
from gradjudge.wire.messages import Raised

TEXT_LIMIT: Final = 4096
"""Maximum bytes of a message with traceback."""

_FIRST: Final = 3
_LAST: Final = 12
_OWN_FOLDER: Final = str(Path(__file__).parents[1])
_CELL: Final = re.compile(r"<cell (\d{1,9})>")
_BY_ERRNO: Final = {
    errno.ENOMEM: "memory",
    errno.EMFILE: "descriptors",
    errno.ENOSPC: "disk",
    errno.EDQUOT: "disk",
    errno.EFBIG: "file",
}
_BY_TEXT: Final = {
    "can't allocate memory": "memory",
    "not enough memory": "memory",
    "can't start new thread": "threads",
}
"""Messages of RuntimeErrors raised by torch and Python."""
_STACK: Final = (8 << 20) + mmap.PAGESIZE
"""Bytes of a thread's stack."""
_LONGEST_CHAIN: Final = 16
_Base: Final[Any] = BaseException
_FORKS: Final = frozenset({"fork", "forkpty", "posix_spawn", "posix_spawnp", "_fork_exec", "fork_exec", "vfork"})


def cell_name(index: int) -> str:
    """Return the file name that a cell is compiled under."""
    return f"<cell {index}>"


def stopped_at(error: BaseException, index: int) -> int:
    """Return the line at which a cell's own code stopped; 0 if none of it ran, or if unknown."""
    name = cell_name(index)
    return next((line for frame, line in _frames(error.__traceback__) if frame.f_code.co_filename == name), 0)


def raised(error: BaseException, during: str = "") -> Raised:
    """Record `error`: type (or its nearest known base), place, cause, and text for staff."""
    type_name = public_name(type(error))
    cause, name = cause_of(error)
    return Raised(
        type_name=type_name,
        builtin="." not in type_name and type_name != "Exception",
        text=bounded(_format(error)),
        place=_place(error),
        during=during,
        limit=limit_of(error),
        cause=cause,
        name=name,
    )


def limit_of(error: BaseException) -> str:
    """Return the session's limit that caused an exception, as in `Raised`; "" if there may be another cause.

    Libraries wrap the original error in exceptions of their own, so the whole chain of causes is searched.
    """
    return next(filter(None, map(_own_limit, _chain(error))), "")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an exception and its chain of causes or contexts, outermost first."""
    seen: list[BaseException] = []
    while isinstance(error, BaseException) and all(error is not one for one in seen) and len(seen) < _LONGEST_CHAIN:
        seen.append(error)
        yield error
        error = _Base.__cause__.__get__(error) or _Base.__context__.__get__(error)


def _own_limit(error: BaseException) -> str:
    if isinstance(error, MemoryError):
        return "memory"
    if isinstance(error, OSError):
        return _BY_ERRNO.get(error.errno or 0, "") or ("processes" if _is_refused_fork(error) else "")
    text = str(error) if type(error) is RuntimeError else ""
    limit = next((limit for said, limit in _BY_TEXT.items() if said in text), "")
    # If a stack cannot be mapped, memory is why no thread could be started.
    return "memory" if limit == "threads" and not can_map(_STACK) else limit


def can_map(size: int) -> bool:
    """Tell whether `size` bytes of memory can be mapped."""
    try:
        mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close()
    except (OSError, ValueError):
        return False
    return True


def _is_refused_fork(error: OSError) -> bool:
    """Tell whether creating a process was refused: the error alone is a bare EPERM, so look at the calling code."""
    if error.errno != errno.EPERM or error.filename is not None:
        return False
    innermost = deque(_frames(error.__traceback__), 1)
    return any(not _FORKS.isdisjoint(frame.f_code.co_names) for frame, _ in innermost)


def bounded(text: str, limit: int = TEXT_LIMIT) -> str:
    """Cut text to `limit` bytes of UTF-8, leaving out its middle."""
    data = text.encode("utf-8", "replace")
    if len(data) <= limit:
        return data.decode()
    mark = "\n[...]\n"
    half = (limit - len(mark)) // 2
    return data[:half].decode("utf-8", "ignore") + mark + data[-half:].decode("utf-8", "ignore")


def _format(error: BaseException) -> str:
    """Format the first and last frames only: a RecursionError has a thousand."""
    frames = _from_cell(error.__traceback__)
    head = list(itertools.islice(frames, _FIRST))
    tail = deque(frames, _LAST)
    lines = traceback.StackSummary.extract(iter([*head, *tail])).format()
    return "".join(["Traceback:\n", *lines, *_only(error)])


def _from_cell(trace: TracebackType | None) -> Iterator[tuple[FrameType, int]]:
    """Return the frames from the first one in a cell on (earlier ones are ours and the shell's); all if none is."""
    inside = itertools.dropwhile(lambda frame: not _CELL.fullmatch(frame[0].f_code.co_filename), _frames(trace))
    first = next(inside, None)
    return _frames(trace) if first is None else itertools.chain([first], inside)


def _only(error: BaseException) -> list[str]:
    try:
        return traceback.format_exception_only(type(error), error)
    except Exception:  # noqa: BLE001  # the exception's own attributes may raise
        return [f"{type(error).__name__}: (cannot be shown)\n"]


def _frames(trace: TracebackType | None) -> Iterator[tuple[FrameType, int]]:
    while trace is not None:
        if not trace.tb_frame.f_code.co_filename.startswith(_OWN_FOLDER):
            yield trace.tb_frame, trace.tb_lineno
        trace = trace.tb_next


def _place(error: BaseException) -> tuple[int, int] | None:
    """Return the cell and line of the innermost frame in a cell, or of the line that does not parse."""
    place = None
    for frame, line in _frames(error.__traceback__):
        place = _in_cell(frame.f_code.co_filename, line) or place
    if place is None and type(error) in (SyntaxError, IndentationError, TabError):
        place = _in_cell(getattr(error, "filename", None), getattr(error, "lineno", None))
    return place


def _in_cell(filename: object, line: object) -> tuple[int, int] | None:
    found = _CELL.fullmatch(filename) if type(filename) is str else None
    return (int(found[1]), line) if found and type(line) is int and line >= 1 else None
