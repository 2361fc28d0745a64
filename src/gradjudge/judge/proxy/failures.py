"""Exceptions that fail a check, with a message for the student and details for staff only."""

from __future__ import annotations

import builtins
from typing import Final

from gradjudge.judge.proxy.causes import cause_words
from gradjudge.text import Text
from gradjudge.wire.exceptions import KNOWN
from gradjudge.wire.messages import Raised

LARGEST_CELL = 10_000
LARGEST_LINE = 100_000
#: Maximum characters of staff's details of one check or cell.
LONGEST_DETAIL = 8_000


class CheckFailed(Exception):
    """The student's work fails a check.

    Args:
        text: message for the student; it must not contain hidden values.
        detail: for staff only.
    """

    def __init__(self, text: Text, *, detail: str = "") -> None:
        super().__init__(str(text))
        self.text = text
        self.detail = detail


class StudentRaised(CheckFailed):
    """The student's code raised an exception when a check called it.

    The session's report is not trusted: the type is named only if it is a builtin or of a known library, the place only
    if it is plausible, the cause only if it is on our list. The exception's message and traceback go to `detail`.

    Attributes:
        kind: name of the exception's type.
        cause: its cause, as in `gradjudge.judge.proxy.causes`; "" if unknown.
        placed: whether it was raised at a line of the student's own code, rather than by the call itself.
    """

    def __init__(self, raised: Raised, *, where: str) -> None:
        kind = known_name(raised)
        place = _place(raised, where)
        over, cause = over_limit(raised.limit, raised.most), cause_words(raised.cause, raised.name)
        done = over or Text("raised {name}", name=kind)
        if raised.limit == "processes":
            text = Text("Your code {done}, in {place}.", done=done, place=place)
        elif over or cause is None:
            text = Text("Your code {done} in {place}.", done=done, place=place)
        else:
            text = Text(
                "Your code {done} in {place}: {cause}.", done=done, place=place, cause=cause, mistake=cause.mistake
            )
        super().__init__(text, detail=raised.text)
        self.kind = kind
        self.cause = raised.cause if cause is not None else ""
        self.placed = raised.place is not None


def bounded_detail(text: str) -> str:
    """Cut a text for staff, leaving out its middle: a session can send a megabyte for every cell."""
    if len(text) <= LONGEST_DETAIL:
        return text
    half = LONGEST_DETAIL // 2
    return f"{text[:half]}\n[...]\n{text[-half:]}"


def over_limit(limit: str, most: int) -> Text | None:
    """Return the phrase for code that hit a limit ("needed more than 512 MB of memory"); None for no known limit.

    Args:
        limit: as in `gradjudge.wire.messages.Raised`; untrusted.
        most: value of the limit; 0 if unknown.
    """
    counted = {
        "memory": Text("needed more than {most} MB of memory", most=most),
        "threads": Text("started more than {most} threads", most=most),
        "descriptors": Text("had more than {most} files open at once", most=most),
        "disk": Text("wrote more than {most} MB, or too many files", most=most),
        "file": Text("wrote a file of more than {most} MB", most=most),
        "value": Text("gave a value too large to be looked at (a tensor may have {most} MB)", most=most),
    }
    return (counted.get(limit) if most else None) or _TOO_MUCH.get(limit)


_TOO_MUCH: Final = {
    "memory": Text("needed more memory than there is"),
    "threads": Text("started too many threads"),
    "descriptors": Text("had too many files open at once"),
    "disk": Text("wrote too much to files"),
    "file": Text("wrote too large a file"),
    "processes": Text("tried to start another process, which cannot be done here"),
    "value": Text("gave a value too large to be looked at"),
}


def known_name(raised: Raised) -> str:
    """Return the name of the exception's type if it is known, otherwise "Exception"."""
    if not raised.builtin:
        return raised.type_name if raised.type_name in KNOWN else "Exception"
    named = getattr(builtins, raised.type_name, None)
    known = isinstance(named, type) and issubclass(named, BaseException)
    return raised.type_name if known else "Exception"


def _place(raised: Raised, where: str) -> Text | str:
    cell, line = raised.place or (0, 0)
    if not (0 <= cell <= LARGEST_CELL and 1 <= line <= LARGEST_LINE):
        return f"`{where}`"
    if cell == 0:  # a script
        return Text("`{where}` (line {line})", where=where, line=line)
    return Text("`{where}` (cell {cell}, line {line})", where=where, cell=cell, line=line)
