"""Modules are decoded as Python would decode them."""

from __future__ import annotations

import itertools

import pytest

from gradjudge.course.hand_in.encodings import decode_module, odd_encoding, without_outputs, written_module

COOKIES = (
    b"# coding: %s\n",
    b"#!/usr/bin/env python\n# -*- coding: %s -*-\n",
    b"\n\t\x0c# vim: set fileencoding=%s :\n",
    b"\r# coding: %s\n",
    b"# a\r\n# coding:\t%s\r\n",
    b"x = 1\n# coding: %s\n",
    b"'coding: %s'\n",
    b"# coding: # coding=%s\n",
    b"# coding: utf-8 coding: %s\n",
    b"\\\n# coding: %s\n",
    b"\n\n# coding: %s\n",
    b"\xef\xbb\xbf# coding: %s\n",
)
ENCODINGS = (
    *(b"utf-8", b"UTF8", b"utf-8-unix", b"latin-1", b"Latin_1-dos", b"iso-8859-1", b"iso-latin-1-mac", b"iso-8859-15"),
    *(b"cp1252", b"ascii", b"nonsense", b"utf-7", b"UTF_7", b"u7", b"rot13", b"raw_unicode_escape", b"unicode-escape"),
    *(b"cp037", b"hz", b"punycode", b"idna", b"utf-16", b"shift_jis", b"gbk", b"mbcs", b"zlib", b"../../x", b"."),
)


@pytest.mark.parametrize(("cookie", "encoding"), list(itertools.product(COOKIES, ENCODINGS)))
def test_a_module_is_read_as_python_reads_it(cookie: bytes, encoding: bytes) -> None:
    """Names in a module are the same for both, unless Python or we refuse it."""
    raw = cookie % encoding + "ê = 2  # +AAo-hidden=3\nžluť = 4\n".encode()
    try:
        names = compile(raw, "module", "exec").co_names
    except (SyntaxError, ValueError):
        return
    assert odd_encoding(raw) or compile(decode_module(raw), "module", "exec").co_names == names


@pytest.mark.parametrize("encoding", [b"utf-7", b"U7", b"rot13", b"unicode_escape", b"shift_jis", b"cp037"])
def test_what_hides_code_is_refused(encoding: bytes) -> None:
    """After such a line, what looks like a comment is code."""
    assert odd_encoding(b"# coding: " + encoding + b"\nx = 1\n")
    assert odd_encoding(b"#\r# coding=" + encoding + b"\n")
    assert not odd_encoding(b"x\ny\n# coding: " + encoding)


@pytest.mark.parametrize("encoding", [b"utf-8", b"utf8", b"latin-1", b"cp1252", b"ascii", b"no-such-thing"])
def test_honest_declarations_are_accepted(encoding: bytes) -> None:
    """A module that declares Latin-1 is not left out."""
    assert odd_encoding(b"# -*- coding: " + encoding + b" -*-\n") == ""
    assert odd_encoding(b"") == ""
    assert decode_module(b"# coding: " + encoding + b"\r\nx = 1\r") == f"# coding: {encoding.decode()}\nx = 1\n"


@pytest.mark.parametrize(
    ("source", "written"),
    [
        ("%%writefile mine.py\nx = 1\n", ("mine", "x = 1\n")),
        ("\n%%file -a './mine.py'\nx = 1", ("mine", "x = 1")),
        ("%%writefile --append mine.py\n", ("mine", "")),
        ("%%writefile notes.txt\nx = 1", None),
        ("x = 1\n%%writefile mine.py\n", None),
        ("%%time\nx = 1", None),
    ],
)
def test_a_cell_that_writes_a_module(source: str, written: tuple[str, str] | None) -> None:
    """The name and the text of a module written by ``%%writefile``."""
    assert written_module(source) == written


@pytest.mark.parametrize(
    "raw", [b'{"outputs": ["x', b'{"outputs": [[1]', b'"\\', b'{"a": "outputs"}', b'["outputs", [1]]']
)
def test_what_has_no_outputs_to_leave_out_stays(raw: bytes) -> None:
    """Half a file, and strings that only look like a key."""
    assert without_outputs(raw) == raw


def test_outputs_are_left_out_and_odd_numbers_replaced() -> None:
    """Brackets and quotes in strings close nothing."""
    raw = b'{"outputs": [{"t": ["]}", "\\"]"]}], "m": [NaN, -Infinity, "NaN"], "attachments" : {"a": {}}, "s": "[1"}'
    assert without_outputs(raw) == b'{"outputs": [], "m": [null, null, "NaN"], "attachments" : {}, "s": "[1"}'
