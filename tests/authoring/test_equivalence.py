"""Two runs agree where three unchanged ones agree: times are not compared, all else is."""

from __future__ import annotations

import pytest
import torch

from gradjudge.authoring.verify.equivalence import _CELL, TRACE, _agree, _without_warnings

RUNS = [line.split() for line in ("loss 0.5 in 1.2 ms", "loss 0.5 in 1.3 ms", "loss 0.5 in 1.2 ms")]


@pytest.mark.parametrize(
    ("line", "same"),
    [("loss 0.5 in 9.9 ms", True), ("loss 0.6 in 1.2 ms", False), ("loss 0.5 in", False), ("", False)],
)
def test_words_that_vary_are_not_compared(line: str, same: bool) -> None:
    """A time differs from run to run and says nothing; a loss does not and does."""
    assert _agree(line.split(), RUNS) is same


def test_a_line_of_any_length_says_nothing() -> None:
    """Where unchanged runs print lines of other lengths there is nothing to compare."""
    assert _agree(["x"], [["a"], ["a", "b"], ["a"]])


def test_a_warning_is_no_value() -> None:
    """The lines of a warning, and the line of code below them, are not compared."""
    warned = ["lab.py:3: UserWarning: a tensor is made a number", "Consider detach() first.", "  print(cost)"]
    assert list(_without_warnings(["loss 0.5", *warned, "loss 0.4", "  loss 0.3"])) == [
        "loss 0.5",
        "loss 0.4",
        "  loss 0.3",
    ]


def test_what_is_left_behind_is_compared_as_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    """Minus zero is zero, a number in a tensor is the number; another number is another line."""

    def traced(value: object) -> str:
        exec(TRACE, {"value": value})  # noqa: S102  # our own text
        return capsys.readouterr().out

    assert traced(torch.tensor([-0.0, 1.0])) == traced(torch.tensor([0.0, 1.0]))
    assert traced(torch.tensor(0.5)) == traced(0.5)
    assert traced([torch.tensor([1.0])]) != traced([torch.tensor([1.0005])])


def test_the_number_of_a_cell_is_no_value() -> None:
    """It stands before whatever comes first, be it a warning; other brackets are the student's own."""
    assert _CELL.sub("", "[8] loss 0.5\nsizes [3] and\n[12] loss 0.4") == "loss 0.5\nsizes [3] and\nloss 0.4"
