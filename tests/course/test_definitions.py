"""The definitions from which a killed submission is restarted."""

from gradjudge.course.hand_in.definitions import MOST_REMAINING, definitions, remaining


def kept(source: str) -> list[str]:
    """Return the lines that stay, without the blank ones."""
    return [line for line in definitions(source).splitlines() if line]


def test_imports_functions_classes_and_plain_assignments_stay() -> None:
    """A definition of every kind is kept."""
    source = "import torch\nclass A:\n    x = 1\n@staticmethod\ndef f():\n    return 2\nmse = A.apply\nN: int = 3"
    assert definitions(source) == source


def test_work_is_left_out_and_line_numbers_stay() -> None:
    """Calls, loops and prints go; the rest keeps its line numbers."""
    source = "train()\nx = load()\ndef f():\n    return 1\nfor i in range(9):\n    f()\ny = 2"
    assert definitions(source) == "\n\ndef f():\n    return 1\n\n\ny = 2"


def test_a_harmless_call_may_stand_in_an_assignment() -> None:
    """The usual choice of a device is a definition."""
    source = 'device = torch.device("cuda" if torch.cuda.is_available() else "cpu")'
    assert definitions(source) == source


def test_magics_go_and_do_not_cost_the_rest() -> None:
    """The definitions beside a line of IPython stay."""
    assert kept("%matplotlib inline\n!pip install tqdm\nk = 1") == ["k = 1"]


def test_a_definition_that_shares_its_line_with_work_goes() -> None:
    """A line cannot be split."""
    assert definitions("a = 1; train()") == ""


def test_what_does_not_parse_has_no_definitions() -> None:
    """Syntax errors, null bytes and absurd nesting lead to an empty text, not to an exception."""
    assert [definitions(source) for source in ("def f(:", "a = 1\0", "(" * 5000)] == ["", "", ""]


def test_an_expression_nested_too_deep_is_no_definition() -> None:
    """Code that parses but cannot be walked must not end the judge."""
    assert definitions("x = f" + ".a" * 900 + "()") == ""


def test_a_form_feed_ends_no_line() -> None:
    """Only Python's line ends count."""
    assert definitions("k = 'a\x0cb'") == "k = 'a\x0cb'"


def test_a_cell_with_ipython_syntax_keeps_its_definitions() -> None:
    """Whether it is timed or runs shell commands."""
    assert kept("%%time\nfiles = !ls\ndef f():\n    %time g()\n    return 1") == [
        "files = []",
        "def f():",
        "    g()",
        "    return 1",
    ]


def test_remaining_definitions_come_one_by_one() -> None:
    """Each with its line; one entry for each name of an import, below it; work is left out."""
    source = "%pip install x\nimport a, b as c\nfrom d import (e,\n f)\n@g\ndef h():\n    return 1\nx = load()\n"
    source += "y = 2; train()\nz = 3"
    assert remaining(source) == (
        (3, "import a"),
        (3, "import b as c"),
        (5, "from d import e"),
        (5, "from d import f"),
        (5, "@g\ndef h():\n    return 1"),
        (10, "z = 3"),
    )


def test_remaining_definitions_are_bounded() -> None:
    """Neither a hundred thousand statements nor absurd nesting is too much."""
    assert len(remaining("a = 1\n" * 100_000 + "f()")) == MOST_REMAINING
    assert [remaining(source) for source in ("(" * 5000, "x = f" + ".a" * 900 + "()", "def f(:")] == [(), (), ()]
