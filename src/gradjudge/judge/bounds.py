"""Bounds of ``grading.toml`` as floats that record what they are compared with.

A bound is chosen from many runs of correct solutions. ``threshold("train.loss")`` returns a number that records each
comparison, so that `gradjudge.authoring.verify.calibration` can measure those runs with the hidden test itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

Side = Literal["most", "least"]
Note = Callable[[str, float, Side], None]


class Bound(float):
    """A bound of ``grading.toml``: a float that passes each comparison to `note`.

    Multiplied by a number it remains that bound (``threshold("ratio") * right``): recorded values are divided by it.

    Attributes:
        name: name of the threshold.
    """

    name: str
    _note: Note
    _scale: float

    def __new__(cls, value: float, name: str, note: Note, scale: float = 1.0) -> Bound:
        """Make a bound of `value`, which is `scale` times the one in the file."""
        bound = super().__new__(cls, value)
        bound.name, bound._note, bound._scale = name, note, scale
        return bound

    def __mul__(self, other: float) -> Bound:
        return Bound(float(self) * other, self.name, self._note, self._scale * other)

    __rmul__ = __mul__

    # Python tries the subclass first: `loss <= bound` calls `bound.__ge__(loss)`.

    def __ge__(self, other: float) -> bool:
        self._note(self.name, other / self._scale, "most")
        return float(self) >= other

    def __gt__(self, other: float) -> bool:
        self._note(self.name, other / self._scale, "most")
        return float(self) > other

    def __le__(self, other: float) -> bool:
        self._note(self.name, other / self._scale, "least")
        return float(self) <= other

    def __lt__(self, other: float) -> bool:
        self._note(self.name, other / self._scale, "least")
        return float(self) < other

    __hash__ = float.__hash__
