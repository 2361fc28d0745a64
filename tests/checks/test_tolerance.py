"""Tolerances are norm-wise, finite, by device and dtype, and reported without digits."""

from __future__ import annotations

import pytest
import torch

from gradjudge.checks.comparison import Due, flaw_in, magnitude
from gradjudge.checks.tolerance import difference, near, tolerance
from gradjudge.checks.verdict import CheckFailed, Text, fail, require

DOUBLE = tolerance("cpu", torch.float64)
RIGHT = torch.tensor([[1.0, -2.0], [0.0, 4.0]], dtype=torch.float64)


def kind(got: object, *, dtype: torch.dtype | None = None, flatten: bool = False) -> str:
    """Name the flaw of `got`, or ""."""
    flaw = flaw_in(got, Due(RIGHT, Text.own("that of `w`", "celle de `w`"), dtype, flatten), DOUBLE)
    return flaw.kind if flaw else ""


def test_float32_constants_are_near_and_evasions_are_not() -> None:
    """An error of 4.5e-8 passes, one of 5e-4 fails."""
    assert near(RIGHT * (1 + 4.5e-8), RIGHT, DOUBLE)
    assert not near(RIGHT * (1 + 5e-4), RIGHT, DOUBLE)


def test_zero_expected_has_a_floor() -> None:
    """If everything expected is zero, rounding passes and anything larger fails."""
    zero = torch.zeros(3, dtype=torch.float64)
    assert near(zero + 1e-14, zero, DOUBLE)
    assert not near(zero + 1e-9, zero, DOUBLE)


def test_not_a_number_is_never_near() -> None:
    """NaN and infinity are near nothing, not even themselves."""
    for value in (float("nan"), float("inf")):
        bad = torch.full((2,), value, dtype=torch.float64)
        assert not near(bad, torch.ones(2, dtype=torch.float64), DOUBLE)
        assert not near(bad, bad, DOUBLE)


def test_difference_is_over_the_largest_magnitude() -> None:
    """The measure is norm-wise: the largest difference over the largest expected entry."""
    assert difference(RIGHT + 0.4, RIGHT, DOUBLE) == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (None, "none"),
        (4.0, "kind"),
        ([1.0, 2.0], "kind"),
        (torch.nn.Parameter(RIGHT), "kind"),
        (RIGHT[:0], "empty"),
        (RIGHT[:1], "shape"),
        (RIGHT[None], "shape"),
        (RIGHT.reshape(-1), "shape"),
        (torch.tensor(1.0, dtype=torch.float64), "shape"),
        (RIGHT.long(), "dtype"),
        (RIGHT * float("nan"), "not-finite"),
        (RIGHT * 2, "value"),
        (RIGHT, ""),
        (RIGHT.float(), ""),
    ],
)
def test_flaws_of_a_result(got: object, expected: str) -> None:
    """Kind, emptiness, shape, dtype, NaN and value are told apart; broadcastable is not equal."""
    assert kind(got) == expected


def test_flatten_and_dtype_are_asked_for() -> None:
    """With `flatten` only the number of entries counts; with `dtype` the precision counts."""
    assert kind(RIGHT.reshape(1, 4), flatten=True) == ""
    assert kind(RIGHT.float(), dtype=torch.float64) == "dtype"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (5e-4, "1e-3"),
        (2e-4, "1e-4"),
        (0.99, "1e0"),
        (0.2, "1e-1"),
        (float("inf"), "1e9"),
        (float("nan"), "1e9"),
        (1e-20, "1e-9"),
        (0.0, "0"),
    ],
)
def test_magnitudes_have_no_digits(error: float, words: str) -> None:
    """A relative error is reported only as the nearest power of ten, within bounds."""
    assert magnitude(error) == words


def test_require_takes_only_true() -> None:
    """``require`` passes on True itself; a tensor, 1 or NaN does not pass."""
    require(True, "a", "b")
    for value in (False, 1, torch.tensor(True), float("nan")):
        with pytest.raises(CheckFailed):
            require(value, "a", "b")  # type: ignore[arg-type]


def test_fail_keeps_the_detail_for_staff() -> None:
    """The text is for the student, the detail is not in it."""
    with pytest.raises(CheckFailed) as caught:
        fail("wrong", "faux", detail="x = 3")
    assert caught.value.text == Text.own("wrong", "faux")
    assert caught.value.detail == "x = 3"
    assert "3" not in str(caught.value)
