"""Exceptions are recorded in bounded size, without trusting them."""

from __future__ import annotations

import time

import pytest

from gradjudge.session.answer.failures import TEXT_LIMIT, bounded, raised


def caught(source: str, name: str = "<cell 7>") -> BaseException:
    """Run source under a cell's name and return what it raises."""
    try:
        exec(compile(source, name, "exec"), {})  # noqa: S102  # the source is the test's own
    except BaseException as error:  # noqa: BLE001  # any kind is wanted
        return error
    raise AssertionError("nothing was raised")


def test_the_place_is_the_innermost_line_of_a_cell() -> None:
    """A call from line 3 into line 2 of the cell, and from there into a library, is placed at line 2."""
    error = caught("import json\ndef f(): json.loads('{')\nf()")
    assert raised(error).place == (7, 2)
    assert raised(caught("1/0", "/usr/lib/x.py")).place is None
    assert raised(ValueError("never raised")).place is None


def test_a_syntax_error_is_placed_where_the_source_is_wrong() -> None:
    """Source that does not parse has no frame of its own."""
    with pytest.raises(SyntaxError) as info:
        compile("x = 1\ny = = 2", "<cell 9>", "exec")
    assert raised(info.value).place == (9, 2)
    assert raised(info.value).type_name == "SyntaxError"


HOSTILE = {
    "a message that raises": "class E(Exception):\n  def __str__(s): raise SystemExit\nraise E",
    "a message that is no text": "class E(Exception):\n  def __str__(s): return 5\nraise E",
    "a message of 100 MB": "raise ValueError('x' * 100_000_000)",
    "half a surrogate pair": "raise ValueError('\\ud800')",
    "a chain of causes": "e = None\nfor i in range(3000):\n  n = ValueError(i); n.__cause__ = e; e = n\nraise e",
    "a class that hides its name": "class M(type):\n  __name__ = property(lambda c: 1/0)\n"
    "class E(Exception, metaclass=M): pass\nraise E",
    "a class that is named like a builtin": "raise type('ValueError', (Exception,), {'__module__': 'builtins'})",
    "a syntax error that lies": "e = SyntaxError('x'); e.filename = '<cell 3>'; e.lineno = 'here'; raise e",
    "a syntax error without text": "e = SyntaxError('x'); e.text = 5; e.offset = -3; raise e",
    "notes": "e = ValueError(1); e.__notes__ = 5; raise e",
    "a group": "raise ExceptionGroup('g', [ValueError(i) for i in range(1000)])",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_an_exception_that_misbehaves_is_recorded_all_the_same(name: str) -> None:
    """The text is bounded, the type named only if it is a builtin by identity, and nothing escapes."""
    record = raised(caught(HOSTILE[name]), "forward")
    assert len(record.text.encode()) <= TEXT_LIMIT
    assert record.builtin == (record.type_name != "Exception")
    assert record.type_name in ("Exception", "ValueError", "SyntaxError", "ExceptionGroup")
    assert record.during == "forward"
    if "class" in name or "message that" in name:
        assert not record.builtin


def test_a_recursion_error_is_recorded_quickly() -> None:
    """Of a thousand frames only the first and last are formatted."""
    error = caught("def f(n): return f(n + 1)\nf(0)")
    start = time.process_time()
    record = raised(error)
    assert time.process_time() - start < 0.5
    assert record.type_name == "RecursionError"
    assert record.place == (7, 1)
    assert record.text.count("\n") < 60


def test_text_is_cut_in_the_middle_at_whole_characters() -> None:
    """The beginning and the end of a long text are kept, within the limit in bytes."""
    text = "début" + "é" * 5000 + "fin"
    cut = bounded(text, 100)
    assert len(cut.encode()) <= 100
    assert cut.startswith("débuté")
    assert cut.endswith("éfin")
    assert bounded("short", 100) == "short"


REFUSED = "import os\ndef start():\n    raise PermissionError(1, 'Operation not permitted')\n    os.fork()\n"


@pytest.mark.parametrize(
    "source, limit",
    [
        ("try: start()\nexcept OSError as e: raise RuntimeError('compiler') from e", "processes"),
        ("try: start()\nexcept OSError: raise ValueError('in a handler')", "processes"),
        ("try:\n    try: start()\n    except OSError as e: raise KeyError from e\nexcept KeyError: 1 / 0", "processes"),
        ("raise ValueError from MemoryError()", "memory"),
        ("e = ValueError(); e.__cause__ = e; raise e", ""),
        ("class E(Exception):\n    __cause__ = property(lambda s: MemoryError())\nraise E", ""),
    ],
)
def test_a_limit_is_found_behind_other_exceptions(source: str, limit: str) -> None:
    """A library's own exception is traced to the limit that caused it; loops and lies do no harm."""
    assert raised(caught(REFUSED + source)).limit == limit


def test_a_thread_without_room_for_its_stack_lacks_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python's message is the same in both cases."""
    refused = 'raise RuntimeError("can\'t start new thread")'
    assert raised(caught(refused)).limit == "threads"

    def refuse(*_: object, **__: object) -> None:
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr("mmap.mmap", refuse)
    assert raised(caught(refused)).limit == "memory"
