"""Finding marked regions, and refusing bad markers."""

from __future__ import annotations

import pytest

from gradjudge.authoring.release.markers import Fault, Region, marked_lines, scan, without_markers

SOUND = """def f():
    ### BEGIN SOLUTION
    return 1
    ### END SOLUTION
### BEGIN HIDDEN TESTS
f()
### END HIDDEN TESTS"""


def faults(source: str, *, code: bool = True) -> list[tuple[int, str]]:
    """Return line and text of each fault."""
    return [(fault.line, fault.text) for fault in scan(source, code=code)[1]]


def test_sound() -> None:
    """Balanced regions are found with their kind and lines, and have no faults."""
    assert scan(SOUND, code=True) == ([Region("SOLUTION", 3, 3), Region("HIDDEN TESTS", 6, 6)], [])
    assert marked_lines(SOUND) == [(3, "    return 1")]
    assert without_markers(SOUND) == "def f():\n    return 1\nf()"


@pytest.mark.parametrize(
    ("source", "line", "text"),
    [
        ("a\n### END SOLUTION", 2, "'### END SOLUTION' without a '### BEGIN SOLUTION' before it"),
        ("### BEGIN SOLUTION\na", 1, "'### BEGIN SOLUTION' without a '### END SOLUTION' after it"),
        (
            "### BEGIN SOLUTION\n### BEGIN SOLUTION\n### END SOLUTION",
            2,
            "'### BEGIN SOLUTION' before the region of line 1 ends",
        ),
        (
            "### BEGIN SOLUTION\n### END MARK SCHEME\n### END SOLUTION",
            2,
            "'### END MARK SCHEME' without a '### BEGIN MARK SCHEME' before it",
        ),
    ],
)
def test_unbalanced(source: str, line: int, text: str) -> None:
    """A marker without its partner, or inside another region, is reported with its line."""
    assert faults(source) == [(line, text)]
    assert faults(source, code=False) == [(line, text)]


@pytest.mark.parametrize(
    "marker",
    [
        "## BEGIN SOLUTION",
        "###BEGIN SOLUTION",
        "### begin solution",
        "### BEGIN_SOLUTION",
        "### BEGIN SOLUTIONS",
        "x = 1  ### BEGIN SOLUTION",
        "### BEGIN SOLUTION of part 2",
        "### BEGIN HIDDEN_TESTS",
    ],
)
def test_not_quite_a_marker(marker: str) -> None:
    """What nbgrader or a person may take for a marker must be spelt as one."""
    ((line, text),) = faults(f"a = 1\n{marker}")
    assert line == 2
    assert text.startswith(f"'{marker}' is not a marker; write it on a line of its own as one of: ### BEGIN SOLUTION,")


@pytest.mark.parametrize("marker", ["### BEGIN SOLUTON", "# BEGN SOLUTION", "### BEGIN SOULTION", "#### BEGIN SOLUTIN"])
def test_misspelt(marker: str) -> None:
    """A misspelt marker is recognised by similarity."""
    assert faults(marker) == [(1, f"'{marker}' looks like a marker; did you mean '### BEGIN SOLUTION'?")]


@pytest.mark.parametrize(
    "line", ["# Solution", "### Solution", "# begin with the solution of x = 1", "## End", "x = 1"]
)
def test_other_lines(line: str) -> None:
    """Headings and comments about solutions are accepted."""
    assert faults(line, code=False) == []


def test_marker_in_a_string() -> None:
    """A marker inside a string is refused: nbgrader would cut the string there."""
    source = 'text = """\n### BEGIN SOLUTION\nx\n### END SOLUTION\n"""'
    message = "the marker is inside a string; nbgrader would cut there all the same"
    assert faults(source) == [(2, message), (4, message)]
    assert faults(source, code=False) == []


def test_magics_beside_markers() -> None:
    """Magics and shell lines do not matter."""
    assert faults("%matplotlib inline\n!echo 'it\n### BEGIN SOLUTION\nx = 1\n### END SOLUTION") == []


def test_cell_that_is_not_python() -> None:
    """In a cell that cannot be parsed, markers cannot be trusted."""
    (fault,) = scan("x = (\n### BEGIN SOLUTION\n1\n### END SOLUTION", code=True)[1]
    assert fault == Fault(2, fault.text)
    assert "the cell is not Python" in fault.text
