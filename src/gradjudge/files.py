"""Files and their names: written whole, told apart by what they hold, named without harm to a terminal."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from gradjudge.text import Text

#: Names of files that `write_atomically` has begun and not ended, as a regular expression.
TEMPORARY = r"\.[0-9a-f]{16}\.tmp"

MOST_NAMES = 5
LONGEST_NAME = 100


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that it either has all of its new content or is as it was."""
    temporary = path.with_name(f".{os.urandom(8).hex()}.tmp")  # not longer than the name, which may be a long one
    try:
        with temporary.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def digest_of(files: Iterable[tuple[str, bytes]]) -> str:
    """Return the SHA-256 over names and bytes of some files in their order, in hex."""
    total = hashlib.sha256()
    for name, data in files:
        # Lengths are part of it: else bytes could move from one file into the next unseen.
        total.update(f"{len(name)} {name} {len(data)} ".encode("utf-8", "surrogateescape"))
        total.update(data)
    return total.hexdigest()


def readable(name: str) -> str:
    """Return a name of the file system as text that can be printed and encoded: what is not UTF-8 becomes ``\\xe9``."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def shown(name: str) -> str:
    """Return a name as one line that gives no orders to a terminal: what is not printed becomes ``\\x1b``."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in readable(name))


def listed(names: Sequence[str]) -> Text | str:
    """Return some names as text; of many, the first ones and how many more there are."""
    text = ", ".join(shown(name)[:LONGEST_NAME] for name in names[:MOST_NAMES])
    more = len(names) - MOST_NAMES
    return Text("{names} and {count} more", names=text, count=more) if more > 0 else text
