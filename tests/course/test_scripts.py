"""How scripts are split into pieces that fail on their own."""

from __future__ import annotations

import pytest

from gradjudge.course.hand_in.scripts import parses, split_script

WHOLE = '''import torch
# about f

@torch.no_grad()
@other
def f(x):
    """Text
at the margin
"""
    return x
a = 1; b = 2
c = 3; \\
d = 4
if a:
    pass
else:
    b = """
x
"""
# %% a cell
class A:

    def g(self): ...

if __name__ == "__main__":
    f(1)
# the end
'''


def pieces(text: str, most: int = 500) -> list[str]:
    """Return the sources of the pieces."""
    return [piece.source for piece in split_script(text, most)]


def test_statements() -> None:
    """Decorators, comments and strings stay with their statement, and statements of one line stay together."""
    assert [piece.line for piece in split_script(WHOLE, 500)] == [1, 2, 11, 12, 14, 20, 24]


def test_nothing_is_lost() -> None:
    """The pieces together are the file, and each parses."""
    assert "\n".join(pieces(WHOLE)) == WHOLE
    assert all(parses(piece) for piece in pieces(WHOLE))


def test_a_line_with_two_statements() -> None:
    """Statements that share a line share a piece, to the end of the last one."""
    assert pieces("a = 1; b = [\n    2,\n]; c = 3\nd = 4") == ["a = 1; b = [\n    2,\n]; c = 3", "d = 4"]


def test_padding_gives_the_lines_of_the_file() -> None:
    """A piece's line number is the file's."""
    for piece in split_script(WHOLE, 500):
        assert piece.padded.split("\n")[piece.line - 1 :] == piece.source.split("\n")


def test_more_statements_than_cells() -> None:
    """A long script has several statements per piece, all of them in order."""
    text = "".join(f"a{number} = 1\n" for number in range(1003))
    cut = pieces(text, 500)
    assert len(cut) <= 500
    assert "\n".join(cut) == text
    assert cut[0] == "a0 = 1\na1 = 1\na2 = 1"


@pytest.mark.parametrize("text", ["", "\n\n", "   "])
def test_nothing_to_run(text: str) -> None:
    """A blank script has no pieces."""
    assert pieces(text) == []


BROKEN = {
    "x = 1\n    y = 2\nz = 3\n": (["x = 1", "z = 3\n"], ["    y = 2"]),
    "def f():\n    return 1\ndef g():\n\treturn 1\n        return 2\nh = 3": (
        ["def f():\n    return 1", "h = 3"],
        ["def g():\n\treturn 1\n        return 2"],
    ),
    "a = 1\nclass A:\n    def f(self:\n        pass\n    b = 2\nc = f(\n    1,\n)\nd = [": (
        ["a = 1", "c = f(\n    1,\n)"],
        ["class A:\n    def f(self:\n        pass\n    b = 2", "d = ["],
    ),
    'a = """\nx = 1\nthis is no python\n"""\nprint "old"\nb = 1': (
        ['a = """\nx = 1\nthis is no python\n"""', "b = 1"],
        ['print "old"'],
    ),
    "!pip install torch\n%matplotlib inline\nimport torch": (
        ["import torch"],
        ["!pip install torch", "%matplotlib inline"],
    ),
    "@dec\n\ndef f():\n    pass\nif 1:\n    a\nelif 2:\n    b\nelse:\n    c\n)": (
        ["@dec\n\ndef f():\n    pass"],
        ["if 1:\n    a\nelif 2:\n    b\nelse:\n    c\n)"],
    ),
    "a = 1\nb = '\0'\nc = 1": (["a = 1", "c = 1"], ["b = '\0'"]),
    "a = 1\n<<<<<<< HEAD\nb = 2\n=======\nb = 3\n>>>>>>> other\nc = 4": (
        ["a = 1", "b = 2", "b = 3", "c = 4"],
        ["<<<<<<< HEAD", "=======", ">>>>>>> other"],
    ),
}


@pytest.mark.parametrize("text", BROKEN)
def test_a_broken_script_keeps_what_parses(text: str) -> None:
    """Of a script that does not parse only the broken pieces are lost, and the lines stay in order."""
    good, bad = BROKEN[text]
    cut = pieces(text)
    assert [piece for piece in cut if parses(piece)] == good
    assert [piece for piece in cut if not parses(piece)] == bad
    assert "\n".join(cut) == text


@pytest.mark.parametrize("text", [
    "(" * 20_000, "-" * 20_000 + "1", "x" + ".a" * 20_000, "a = '''\n" * 4000, "if 1:\n" * 5000, "x = (\n" * 5000,
])  # fmt: skip
def test_nesting_beyond_the_parser(text: str) -> None:
    """Sources made to exhaust the parser come back as pieces, whole."""
    assert "\n".join(pieces(text + "\nb = 1")).endswith("b = 1")
