"""Tolerances, by device and dtype.

Where the figures come from (torch 2.13, CPU):

* float64, relative 1e-6: ``torch.tensor(2 / q)`` and float32 buffers are off by up to 4.5e-8 and must pass; the
  smallest error known to pass gradcheck is 5e-4.
* gradcheck in float64: torch's defaults. In float32 these reject a correct Linear 100 times out of 100; a step of 1e-3
  with 1e-2 accepts it 100 times out of 100 and still sees an error of 2 %.
* float32, relative 1e-4: rounding in sums of up to some thousand terms stays under 1e-5; TF32 is not enabled.
"""

from __future__ import annotations

import msgspec
import torch
from torch import Tensor


class Tolerance(msgspec.Struct, frozen=True):
    """How close a result must be.

    Attributes:
        relative: largest allowed difference, relative to the largest expected magnitude in the tensor.
        absolute: differences up to this size count as zero.
        step: gradcheck's ``eps``.
        gradcheck_relative, gradcheck_absolute: gradcheck's ``rtol`` and ``atol``.
        exact: a result this close to the reference was computed in the full precision of the dtype.
    """

    relative: float
    absolute: float
    step: float
    gradcheck_relative: float
    gradcheck_absolute: float
    exact: float


_DOUBLE = Tolerance(1e-6, 1e-12, 1e-6, 1e-3, 1e-5, 1e-11)
_SINGLE = Tolerance(1e-4, 1e-6, 1e-3, 1e-2, 1e-2, 1e-4)
_SINGLE_CUDA = Tolerance(5e-4, 1e-5, 1e-3, 1e-2, 1e-2, 5e-4)

_TABLE: dict[tuple[str, torch.dtype], Tolerance] = {
    ("cpu", torch.float64): _DOUBLE,
    ("cuda", torch.float64): _DOUBLE,
    ("cpu", torch.float32): _SINGLE,
    ("cuda", torch.float32): _SINGLE_CUDA,
}


def tolerance(device: torch.device | str, dtype: torch.dtype) -> Tolerance:
    """Return the tolerance of `dtype` on `device`.

    Raises:
        KeyError: the device is neither "cpu" nor "cuda", or the dtype neither float64 nor float32.
    """
    return _TABLE[torch.device(device).type, dtype]


def difference(got: Tensor, expected: Tensor, allowed: Tolerance) -> float:
    """Return the largest difference between `got` and `expected`, relative to the largest expected magnitude.

    Differences within `allowed.absolute` count as 0. Both have the same number of entries; NaN gives NaN.
    """
    wide, reference = got.detach().double().reshape(-1), expected.detach().double().reshape(-1)
    if reference.numel() == 0:
        return 0.0
    apart = float((wide - reference).abs().max())
    if apart <= allowed.absolute:
        return 0.0
    largest = float(reference.abs().max())
    return apart / largest if largest > 0 else float("inf")


def near(got: Tensor, expected: Tensor, allowed: Tolerance) -> bool:
    """Return whether `got` is within `allowed.relative` of `expected`; NaN and infinity are not."""
    return difference(got, expected, allowed) <= allowed.relative
