"""Bounds of ``grading.toml`` as numbers that tell what they were compared with.

A bound comes from many runs of a right solution. So that `gradjudge.authoring.verify.calibration` can measure what such
runs reach without a second copy of the hidden test, the number that ``threshold("train.loss")`` gives notes each
comparison.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

Side = Literal["most", "least"]
Note = Callable[[str, float, Side], None]


class Bound(float):
    """A bound of ``grading.toml``: a float that tells `note` what it is compared with, and on which side.

    Times a number it is still that bound (``threshold("ratio") * right``): what is noted is divided by the number.

    Attributes:
        name: of the threshold.
    """

    name: str
    _note: Note
    _scale: float

    def __new__(cls, value: float, name: str, note: Note, scale: float = 1.0) -> Bound:
        """Make the bound that is `value`, `scale` times the one in the file."""
        bound = super().__new__(cls, value)
        bound.name, bound._note, bound._scale = name, note, scale
        return bound

    def __mul__(self, other: float) -> Bound:
        return Bound(float(self) * other, self.name, self._note, self._scale * other)

    __rmul__ = __mul__

    # Python asks the subclass first: `loss <= bound` calls `bound.__ge__(loss)`.

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
