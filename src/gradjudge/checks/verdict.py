"""How checks end: `require` and `fail`, on which everything else builds."""

from __future__ import annotations

from typing import NoReturn

from gradjudge.judge.proxy.failures import CheckFailed, StudentRaised
from gradjudge.text import Text

__all__ = ["CheckFailed", "StudentRaised", "Text", "fail", "require"]


def uses_autograd(where: str) -> Text:
    """Say that a backward lets torch differentiate."""
    return Text("`{where}` uses autograd: write the derivative by hand.", where=where, mistake="autograd")


def fail(text: Text | str, fr: str = "", *, detail: str = "", mistake: str = "", **others: str) -> NoReturn:
    """Fail the check.

    Args:
        text: what the student reads, in English: kinds, shapes of their own results, orders of magnitude; never hidden
            values. Or a `Text`, which has its own translations and mistake.
        fr, others: the same in French and in other languages, by their codes.
        detail: what only staff read.
        mistake: key of the mistake that the sentence names; empty if it only says what was seen.

    Raises:
        CheckFailed: always.
    """
    if not isinstance(text, Text):
        text = Text.own(text, fr, mistake, **others)
    raise CheckFailed(text, detail=detail)


def require(
    condition: bool, text: Text | str, fr: str = "", *, detail: str = "", mistake: str = "", **others: str
) -> None:
    """Fail the check unless `condition` is True itself; other truthy values fail too."""
    if condition is not True:
        fail(text, fr, detail=detail, mistake=mistake, **others)
