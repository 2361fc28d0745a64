"""The capture of output: bounded, in order, and never in the way."""

from __future__ import annotations

import logging
import sys

import pytest
from pupils import Pupil

from gradjudge.session.run.output import Sink


@pytest.mark.parametrize("chunk", [1, 7, 50, 1000, 10_000])
def test_a_sink_keeps_the_beginning_and_the_end(chunk: int) -> None:
    """Whatever the chunks, three quarters of the limit are the first bytes and the rest are the last ones."""
    sink = Sink(400)
    data = b"".join(b"%05d" % n for n in range(2000))
    for start in range(0, len(data), chunk):
        sink.write(data[start : start + chunk])
    text = sink.text()
    assert sink.truncated
    assert text.startswith(data[:300].decode())
    assert text.endswith(data[-100:].decode())
    assert len(text) < 450


@pytest.mark.parametrize("size", [0, 299, 300, 301, 399, 400])
def test_a_sink_keeps_what_fits(size: int) -> None:
    """Up to the limit nothing is left out, and nothing is marked as left out."""
    sink = Sink(400)
    sink.write(b"x" * size)
    assert sink.text() == "x" * size
    assert not sink.truncated
    sink.write(b"y" * (401 - size))
    assert sink.truncated
    sink.clear()
    assert sink.text() == ""
    assert not sink.truncated


def test_prints_are_captured_in_order_and_apart(pupil: Pupil) -> None:
    """Each piece has its own output, stderr too, and this process's own streams are untouched."""
    before = sys.stdout, sys.stderr, sys.stdin
    done = pupil.run("import sys\nprint('a', flush=True)\nprint('b', file=sys.stderr)\nprint('c')")
    assert done.output.split() == ["a", "b", "c"]
    assert pupil.run("print('d', end='')").output == "d"
    assert (sys.stdout, sys.stderr, sys.stdin) == before


def test_stdin_is_empty(pupil: Pupil) -> None:
    """input() ends at once."""
    done = pupil.run("input('name? ')")
    assert done.error is not None
    assert done.error.type_name == "EOFError"


def test_a_stream_that_was_kept_still_works_in_a_later_cell(pupil: Pupil) -> None:
    """A logging handler made in one cell writes in the next."""
    pupil.define("import logging, sys\nlog = logging.Logger('x'); log.addHandler(logging.StreamHandler())")
    assert pupil.run("log.warning('hello')").output == "hello\n"
    assert logging.getLogger().handlers is not None


def test_closed_and_replaced_streams_cost_nothing(pupil: Pupil) -> None:
    """A cell that closes stdout does not silence the next one, and a replacement stays in place until it goes."""
    pupil.run("import sys; sys.stdout.close()")
    assert pupil.run("print('again')").output == "again\n"
    pupil.define("import io\nmine = io.StringIO()\nsys.stdout = mine")
    assert pupil.run("print('into mine')").output == ""
    assert pupil.run("sys.stdout = sys.stderr\nprint(mine.getvalue())").output == "into mine\n\n"


def test_text_of_every_kind_is_captured(pupil: Pupil) -> None:
    """Half a surrogate pair, null bytes and escape sequences stay text."""
    assert pupil.run(r"print('\ud800', '\x00', '\x1b[31m', 'é')").output == "\\ud800 \x00 \x1b[31m é\n"
