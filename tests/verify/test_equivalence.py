"""Two runs agree where three unchanged ones agree: times are not compared, all else is."""

from __future__ import annotations

import pytest

from gradjudge.verify.equivalence import _agree

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
