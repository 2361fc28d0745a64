"""Files and their names: atomic writes, digests, names that are safe to print."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from gradjudge.text import Text

#: A regular expression for the temporary files of `write_atomically`.
TEMPORARY = r"\.[0-9a-f]{16}\.tmp"

MOST_NAMES = 5
LONGEST_NAME = 100


def write_atomically(path: Path, content: bytes) -> None:
    """Replace a file's content completely or not at all."""
    temporary = path.with_name(f".{os.urandom(8).hex()}.tmp")  # does not extend the name, which may be long already
    try:
        with temporary.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def digest_of(files: Iterable[tuple[str, bytes]]) -> str:
    """Return the SHA-256 over names and bytes of files, in the given order, in hex."""
    total = hashlib.sha256()
    for name, data in files:
        # With the lengths, so that bytes moved from one file to the next change the digest.
        total.update(f"{len(name)} {name} {len(data)} ".encode("utf-8", "surrogateescape"))
        total.update(data)
    return total.hexdigest()


def readable(name: str) -> str:
    """Return a file name as text that can be encoded: bytes that are not UTF-8 become ``\\xe9``."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def shown(name: str) -> str:
    """Return a file name as one line without control characters, which become ``\\x1b``."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in readable(name))


def listed(names: Sequence[str]) -> Text | str:
    """Join names; of many, show the first few and count the rest."""
    text = ", ".join(shown(name)[:LONGEST_NAME] for name in names[:MOST_NAMES])
    more = len(names) - MOST_NAMES
    return Text("{names} and {count} more", names=text, count=more) if more > 0 else text
