"""Runs are compared where three unchanged runs agree, so not in times."""

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
    """A time differs from run to run, a loss does not."""
    assert _agree(line.split(), RUNS) is same


def test_lines_of_varying_length_are_not_compared() -> None:
    """If unchanged runs print different numbers of words, nothing is compared."""
    assert _agree(["x"], [["a"], ["a", "b"], ["a"]])


def test_warnings_are_not_compared() -> None:
    """Neither their lines nor the line of code below."""
    warned = ["lab.py:3: UserWarning: a tensor is made a number", "Consider detach() first.", "  print(cost)"]
    assert list(_without_warnings(["loss 0.5", *warned, "loss 0.4", "  loss 0.3"])) == [
        "loss 0.5",
        "loss 0.4",
        "  loss 0.3",
    ]


def test_values_are_compared_as_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    """Minus zero is zero, a number in a tensor is the number; different numbers differ."""

    def traced(value: object) -> str:
        exec(TRACE, {"value": value})  # noqa: S102  # our own text
        return capsys.readouterr().out

    assert traced(torch.tensor([-0.0, 1.0])) == traced(torch.tensor([0.0, 1.0]))
    assert traced(torch.tensor(0.5)) == traced(0.5)
    assert traced([torch.tensor([1.0])]) != traced([torch.tensor([1.0005])])


def test_numbers_of_cells_are_not_compared() -> None:
    """They are removed before any first line, be it a warning; other brackets stay."""
    assert _CELL.sub("", "[8] loss 0.5\nsizes [3] and\n[12] loss 0.4") == "loss 0.5\nsizes [3] and\nloss 0.4"
