"""The words in which a check ends. Test writers use `require` and `fail`; everything else builds on them."""

from __future__ import annotations

from typing import NoReturn

from gradjudge.proxy.failures import CheckFailed, StudentRaised, Text

__all__ = ["CheckFailed", "StudentRaised", "Text", "fail", "require"]


def fail(en: str, fr: str, *, detail: str = "", mistake: str = "") -> NoReturn:
    """Fail the check.

    Args:
        en, fr: what the student reads: kinds, shapes of their own results, orders of magnitude; never hidden values.
        detail: what only staff read.
        mistake: key of the mistake that the sentence names; empty where it only says what was seen.

    Raises:
        CheckFailed: always.
    """
    raise CheckFailed(Text(en, fr, mistake), detail=detail)


def require(condition: bool, en: str, fr: str, *, detail: str = "", mistake: str = "") -> None:
    """Fail the check unless `condition` is True itself; NaN comparisons and other truthy values do not pass."""
    if condition is not True:
        fail(en, fr, detail=detail, mistake=mistake)
