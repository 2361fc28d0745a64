"""Decode source files as Python would: what is read must be what runs."""

from __future__ import annotations

import codecs
import re

_CODING = re.compile(rb"coding[:=][ \t]*([-\w.]+)")
#: PEP 263: in a comment on the first line, or on the second after a blank line or a comment.
_DECLARED = (
    re.compile(rb"[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)"),
    re.compile(rb"[ \t\f]*(?:#.*)?\n[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)"),
)
#: Single-byte supersets of ASCII.
_PLAIN = ("ascii", "iso8859-1", "iso8859-15", "cp1252")
_WRITES = re.compile(r"\s*%%(?:writefile|file)[ \t]+(?:(?:-a|--append)[ \t]+)?[\"']?(?:\./)?(\w+)\.py[\"']?[ \t]*\n")


def decode_text(raw: bytes) -> str:
    """Decode a text file: UTF-8, UTF-16 with a BOM, else Windows-1252 or Latin-1; line ends become ``\\n``."""
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = raw.decode("utf-16", "replace")
    else:
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = raw.decode("cp1252" if _only_cp1252(raw) else "latin-1")
    return unix_lines(text)


def _only_cp1252(raw: bytes) -> bool:
    """Tell whether every byte is defined in Windows-1252."""
    return not re.search(rb"[\x81\x8d\x8f\x90\x9d]", raw)


def unix_lines(text: str) -> str:
    """Return a text with Unix line ends."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def decode_module(raw: bytes) -> str:
    """Decode a module as Python would, by the encoding that it declares; else like any text file."""
    first = _first_lines(raw)
    declared = next((found[1] for pattern in _DECLARED if (found := pattern.match(first))), b"")
    encoding = _codec(declared)
    if encoding in _PLAIN and not raw.startswith(codecs.BOM_UTF8):
        return unix_lines(raw.decode(encoding, "replace"))
    return decode_text(raw)


def odd_encoding(raw: bytes) -> str:
    """Return the encoding that a module declares, if editors would not show it so; else an empty string.

    With ``# coding: utf-7``, Python runs code that everybody else reads as comments.
    """
    named = (_codec(found[1]) for found in _CODING.finditer(_first_lines(raw)))
    return next((encoding for encoding in named if encoding not in ("", "utf-8", *_PLAIN)), "")


def _first_lines(raw: bytes) -> bytes:
    text = raw.removeprefix(codecs.BOM_UTF8).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return b"\n".join(text.split(b"\n", 2)[:2])


def _codec(name: bytes) -> str:
    """Return the canonical name of an encoding; empty if there is none of that name."""
    written = name.decode("ascii").lower().replace("_", "-")
    for usual, names in (("utf-8", ("utf-8",)), ("iso8859-1", ("latin-1", "iso-8859-1", "iso-latin-1"))):
        if f"{written}-".startswith(tuple(f"{known}-" for known in names)):  # Python accepts utf-8-unix
            return usual
    try:
        return codecs.lookup(written).name if written else ""
    except LookupError:
        return ""


def written_module(source: str) -> tuple[str, str] | None:
    """Return name and text of the module that a cell writes with ``%%writefile``, or None."""
    found = _WRITES.match(source)
    return None if found is None else (found[1], source[found.end() :])


#: Strings (the last may be open), NaN and Infinity. Possessive: each is one step.
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|NaN|-?Infinity', re.DOTALL)
_STORED = re.compile(rb"\s*+:\s*+(?=[\[{])")
_TO_A_BRACKET = re.compile(rb'[^"\[\]{}]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)[^"\[\]{}]*+)*+', re.DOTALL)
#: Parts of a notebook that no grader reads: outputs, pictures in texts, widget state.
_UNREAD = (b'"outputs"', b'"attachments"', b'"widgets"')
_MOST_STEPS = 5_000_000  # a few seconds


def without_outputs(raw: bytes) -> bytes:
    """Return a notebook's JSON with outputs emptied, and NaN and Infinity as ``null``.

    What is not JSON stays invalid. Nothing is decoded, so this takes only the memory of the result.
    """
    kept: list[bytes] = []
    start = place = steps = 0
    while found := _TOKEN.search(raw, place):
        place = found.end()
        steps += 1
        if raw[found.start() : found.start() + 1] != b'"':
            kept += (raw[start : found.start()], b"null")
            start = place
        elif found[0] in _UNREAD and (value := _STORED.match(raw, place)):
            kept.append(raw[start : value.end()])
            start = place = value.end()
            depth = 0
            while place < len(raw) and steps < _MOST_STEPS:
                depth += 1 if raw[place] in b"[{" else -1
                steps += 1
                place += 1
                if not depth:
                    break
                place = _end(_TO_A_BRACKET.match(raw, place))
            if depth:
                return raw
            kept.append(raw[start : start + 1] + (b"]" if raw[start] in b"[" else b"}"))
            start = place
        if steps >= _MOST_STEPS:
            return raw
    return b"".join((*kept, raw[start:]))


def _end(found: re.Match[bytes] | None) -> int:
    return found.end() if found is not None else 0
