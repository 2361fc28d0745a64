"""A ``.py`` submission, statement by statement."""

from __future__ import annotations

import inspect
import linecache
import sys
from pathlib import Path

import pytest
from pupils import Pupil

from gradjudge.session.run.cells import remember_source
from gradjudge.wire.messages import Answer, CellDone, Get, Ref, RunCell


def test_names_are_shared_and_failures_are_not_the_end(pupil: Pupil) -> None:
    """A statement that fails leaves what came before and does not stop what comes after."""
    assert pupil.run("a = 1").error is None
    failed = pupil.run("b = a + missing")
    assert failed.error is not None
    assert (failed.error.type_name, failed.error.place) == ("NameError", (2, 1))
    assert pupil.run("c = a + 1").error is None
    assert pupil.ask(Get(Ref("c"))) == Answer(2)


@pytest.mark.parametrize(
    ("source", "type_name"),
    [
        ("import sys; sys.exit()", "SystemExit"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("quit()", "SystemExit"),
        ("x = = 1", "SyntaxError"),
        ("  x = 1", "IndentationError"),
        ("x = '\x00'", None),
        ("raise BaseException", "BaseException"),
        ("return 1", "SyntaxError"),
    ],
)
def test_a_statement_ends_only_itself(pupil: Pupil, source: str, type_name: str | None) -> None:
    """Leaving, interrupting and not parsing are errors of one statement, and no interrupt from outside."""
    done = pupil.run(source)
    assert done.error is not None
    assert type_name is None or done.error.type_name == type_name
    assert not done.interrupted
    assert pupil.run("x = 1").error is None


def test_the_guard_does_not_run(pupil: Pupil) -> None:
    """A script is not the main program: guarded code does not run."""
    done = pupil.run("print(__name__)\nif __name__ == '__main__': raise SystemExit")
    assert done.error is None
    assert done.output == "submission\n"


def test_future_statements_hold_for_later_statements(pupil: Pupil) -> None:
    """`from __future__ import annotations` works although each statement is compiled alone."""
    pupil.define("from __future__ import annotations")
    pupil.define("def f(x: nothing.of.this): return x")
    assert pupil.run("@nobody\ndef g(): pass").error is not None


def test_classes_know_their_module_and_their_source(pupil: Pupil) -> None:
    """dataclasses, pickle and inspect work on classes and functions of a script."""
    pupil.define("import dataclasses, pickle\n@dataclasses.dataclass\nclass A:\n    x: int = 1")
    pupil.define("assert pickle.loads(pickle.dumps(A(2))) == A(2)")
    pupil.define("def f():\n    return 5")
    assert inspect.getsource(pupil.namespace.names["f"]) == "def f():\n    return 5"


def test_companions_are_imported(pupil: Pupil, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Star imports of a module that was handed in beside the script give its names."""
    (tmp_path / "tp1_beside.py").write_text("def helper(): return 7\n")
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    pupil.define("from tp1_beside import *\nvalue = helper()")
    assert pupil.ask(Get(Ref("value"))) == Answer(7)


def test_figures_are_closed(pupil: Pupil) -> None:
    """No piece leaves a figure open to the next."""
    pupil.define("import matplotlib; matplotlib.use('Agg')\nimport matplotlib.pyplot as plt")
    pupil.define("plt.plot([1, 2])\nplt.figure()\nplt.plot([2, 1])\nassert len(plt.get_fignums()) == 2")
    pupil.define("assert plt.get_fignums() == []")


def test_a_piece_keeps_its_index(pupil: Pupil) -> None:
    """The place of an error names the index that the piece was sent with."""
    done = pupil.ask(RunCell(41, "\n\n1/0", "python"))
    assert isinstance(done, CellDone)
    assert done.error is not None
    assert done.error.place == (41, 3)


@pytest.mark.parametrize("mark", ["\f", "\v", "\x1c", "\u2028", "\x85"])
def test_lines_are_those_of_python(pupil: Pupil, mark: str) -> None:
    """Characters that end a line in Unicode, but not in Python, shift no line of a traceback."""
    remember_source("a cell", f"first = 1  # {mark}\r\nsecond = 2\nthird = 3")
    assert [linecache.getline("a cell", number) for number in (2, 3)] == ["second = 2\n", "third = 3"]


def test_an_annotation_that_has_no_value_yet_is_its_text(pupil: Pupil) -> None:
    """As in Python 3.14; what can be evaluated is, for code that looks for types."""
    pupil.define(
        "import dataclasses, typing\n@dataclasses.dataclass\nclass Node:\n    T = int\n    x: int = 1\n"
        "    next: Node | None = None\n"
        "    def link(self, other: Node, *rest: T, key: 'x' | None = None) -> list[Node]: ...\n"
        "class Pair(typing.NamedTuple):\n    a: int\n    b: Pair | None = None\n"
        "def f(x: Nowhere.at_all[3]) -> None: ...\n"
        "assert typing.get_type_hints(Node)['next'] == Node | None and Node(2, Node()).next.x == 1\n"
        "assert Node.__annotations__ == {'x': int, 'next': 'Node | None'} and Pair(1).b is None\n"
        "r = Node.link.__annotations__"
    )
    hints = pupil.namespace.names["r"]
    assert hints == {"other": "Node", "rest": int, "key": "'x' | None", "return": "list[Node]"}
    pupil.define("from __future__ import annotations")
    pupil.define("def g(x: int, y: Later): ...\nr = g.__annotations__")
    assert pupil.namespace.names["r"] == {"x": "int", "y": "Later"}
