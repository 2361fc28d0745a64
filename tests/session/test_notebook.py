"""A notebook's cells in IPython: what notebooks do, and what they cannot do here."""

from __future__ import annotations

import pytest
from pupils import Session, Start

from gradjudge.wire.messages import Answer, Get, Missing, Ref


def test_cells_show_their_last_value_and_keep_names(notebook: Session) -> None:
    """Results, prints and displays are in the output; names go on to the next cell; it is the main module."""
    assert notebook.run("x = 20\nprint('hello')\nx + 1").output == "hello\nOut[1]: 21\n"
    assert notebook.run("from IPython.display import display\ndisplay(x, 'y')\n_").output == "20\n'y'\nOut[2]: 21\n"
    assert notebook.run("print(__name__)").output == "__main__\n"
    assert notebook.ask(Get(Ref("x"))) == Answer(20)


@pytest.mark.parametrize(
    ("source", "type_name", "place"),
    [
        ("a = 1\n1/0", "ZeroDivisionError", (1, 2)),
        ("def f(:", "SyntaxError", (1, 1)),
        ("def f(): return f()\nf()", "RecursionError", (1, 1)),
        ("import sys; sys.exit(3)", "SystemExit", (1, 1)),
        ("raise KeyboardInterrupt", "KeyboardInterrupt", (1, 1)),
        ("%%time\n1/0", "ZeroDivisionError", (1, 1)),
        ("import asyncio\nawait asyncio.sleep(0)\n1/0", "ZeroDivisionError", (1, 3)),
        ("raise NotImplementedError", "NotImplementedError", (1, 1)),
    ],
)
def test_errors_are_reported_with_their_place(
    notebook: Session, source: str, type_name: str, place: tuple[int, int] | None
) -> None:
    """What a cell raises is in its reply, and the next cell runs."""
    done = notebook.run(source)
    assert done.error is not None
    assert (done.error.type_name, done.error.place) == (type_name, place)
    assert not done.interrupted
    assert notebook.run("x = 1").error is None


@pytest.mark.parametrize(
    "line",
    [
        "!pip install numpy",
        "%pip install numpy",
        "%load_ext tensorboard",
        "%load_ext autoreload\n%autoreload 2",
        "%tensorboard --logdir runs",
        "%matplotlib inline",
        "%config InlineBackend.figure_format = 'retina'",
        "%tensorflow_version 2.x",
        "get_ipython().system('ls')",
        "files = !ls\nassert files == []",
        "%%bash\necho hello\nexit 1",
        "%%sh\nfalse",
        "%cd .\n%bookmark here\n%pwd",
        "%env KEY=value",
        "exit()",
        "quit",
        "print?",
        "%%capture out\nprint('hidden')",
        "%timeit -n1 -r1 1 + 1",
        "%%time\nx = 1",
        "import asyncio\nawait asyncio.sleep(0)",
        "%reset -f",
        "%whos",
        "%history",
        "%%javascript\nalert(1)",
        "%%html\n<b>x</b>",
        "%precision 3",
    ],
)
def test_usual_magics_and_shell_lines_raise_nothing(notebook: Session, line: str) -> None:
    """Installing, magics, shell lines and displays raise no error, whether they do something or not."""
    done = notebook.run(f"{line}\n")
    assert done.error is None, done.error.text
    assert notebook.run("1").error is None


def test_what_is_not_run_says_so(notebook: Session) -> None:
    """A skipped line leaves one line of output."""
    assert notebook.run("!pip install numpy").output == "[not run here: !pip install numpy]\n"
    assert notebook.run("%nosuch thing").output == "[not run here: %nosuch thing]\n"
    assert notebook.run("%%bash\nls").output == "[not run here: %%bash]\n"


def test_time_and_source_work(notebook: Session) -> None:
    """`%%time` runs its cell in the notebook's names, and inspect finds the source of a function."""
    done = notebook.run("%%time\nx = 5\nx")
    assert "Wall time" in done.output
    assert notebook.ask(Get(Ref("x"))) == Answer(5)
    done = notebook.run("import inspect\ndef f():\n    return 1\nprint(inspect.getsource(f), end='')")
    assert done.output == "def f():\n    return 1\n"


def test_figures_need_no_display(notebook: Session) -> None:
    """Any backend can be asked for; show does nothing; figures are closed when the cell ends."""
    done = notebook.run(
        "%matplotlib qt\nimport matplotlib\nmatplotlib.use('TkAgg')\nimport matplotlib.pyplot as plt\n"
        "plt.ion(); plt.plot([1, 2]); plt.show(); plt.pause(0.1)\nplt.figure(); plt.show(block=True)"
    )
    assert done.error is None
    assert notebook.run("assert plt.get_fignums() == []").error is None


def test_names_of_the_shell_are_not_offered(notebook: Session) -> None:
    """The nearest names are the student's own."""
    notebook.run("Opened = 1")
    assert notebook.ask(Get(Ref("Open"))) == Missing("Open", ("Opened",))
    assert notebook.ask(Get(Ref("exi"))) == Missing("exi", ())


def test_classes_know_their_module(notebook: Session) -> None:
    """dataclasses and pickle work on classes of a notebook."""
    done = notebook.run(
        "import dataclasses, pickle\n@dataclasses.dataclass\nclass A:\n    x: int\n"
        "assert pickle.loads(pickle.dumps(A(1))) == A(1)"
    )
    assert done.error is None


def test_nothing_is_written_beside_the_submission(notebook: Session) -> None:
    """The shell keeps no history and no profile in the session's folder."""
    notebook.run("x = 1\n1/0")
    assert list(notebook.folder.iterdir()) == []


def test_prints_are_not_kept_twice(start: Start) -> None:
    """IPython's own copy of the output, which has no bound, is switched off."""
    notebook = start("notebook", output_kb=4)
    done = notebook.run("for _ in range(10_000): print('x' * 99)")
    assert done.truncated
    assert len(done.output) < 5000
    done = notebook.run("print(sum(len(kept) for kept in get_ipython().history_manager.outputs.values()))")
    assert done.output == "0\n"


def test_a_huge_display_is_bounded(notebook: Session) -> None:
    """The shown value of a large object is cut."""
    done = notebook.run("list(range(10_000_000))")
    assert done.error is None
    assert len(done.output) < 17_000
