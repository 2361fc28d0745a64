"""IPython syntax becomes plain Python, without IPython."""

import pytest

from gradjudge.course.hand_in.cell_text import LONGEST_SOURCE, parse_cell, plain_python

F = "def f():\n    return 1"


@pytest.mark.parametrize(
    ("cell", "plain"),
    [
        (f"files = !ls\n{F}", f"files = []\n{F}"),
        (f"a, b = !ls\n{F}", f"a, b = []\n{F}"),
        (f"torch.nn?\n?torch\nf??\n{F}", f"pass\npass\npass\n{F}"),
        ("t = %timeit -n 10 -r3 -o f(x)", "t = f(x)"),
        ("t = %timeit -o f(x) + g(x)", "t = f(x) + g(x)"),
        ("t = %time del x", "t = []; del x"),
        ("%time x = f()", "x = f()"),
        ("%prun -s cum f(x)", "f(x)"),
        ('%pip install \'x (\n!echo """\nx = 1', "pass\npass\nx = 1"),
        ("!pip install \\\n  torch\nx = 1", "pass\n\nx = 1"),
        (f"%%time\n{F}", f"\n{F}"),
        (f"%%capture out\n%%timeit -n1 x = 2\n{F}", f"out\nx = 2\n{F}"),
        ("%%bash\nls -l", "\n"),
        ("def g():\n    %time x = h()\n    !ls it's\n    return x", "def g():\n    x = h()\n    pass\n    return x"),
        ("if x:\n    %time\nelse:\n    f?", "if x:\n    pass\nelse:\n    pass"),
        ("  x = 1\n  !ls\n  y = 2", "x = 1\npass\ny = 2"),
        (">>> def f():\n...     return 1\n...\n>>> !ls", "def f():\n    return 1\n\npass"),
        ("'''What?\n%time\n!ls'''\n!ls\n# what?", "'''What?\n%time\n!ls'''\npass\n# what?"),
        ("x = (5\n%y)", "x = (5\n%y)"),
    ],
)
def test_ipython_syntax_becomes_python(cell: str, plain: str) -> None:
    """Lines keep their numbers; code run by magics stays; Python is not touched."""
    assert plain_python(cell) == plain


@pytest.mark.parametrize(
    "cell", ["def broken(:", "/f x", "%time f(", "x = %timeit (", "(" * 5000, "x\0", "x" * (LONGEST_SOURCE + 1)]
)
def test_other_languages_are_not_read(cell: str) -> None:
    """No guess is made about lines that are neither Python nor IPython's."""
    assert plain_python(cell) is None
    assert parse_cell(cell) is None


def test_many_magics_are_replaced() -> None:
    """A cell with more magics than are replaced one by one is still read."""
    assert plain_python("x = 1\n!ls\n" * 20_000) == "x = 1\npass\n" * 20_000
