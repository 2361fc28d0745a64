"""Tensors as a description (dtype, shape) and raw bytes, row-major, in native byte order."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Sequence
from typing import Any, Final

import torch

from gradjudge.wire.limits import TooLargeError, WireError, WireLimits

DTYPES: Final = {
    name: getattr(torch, name)
    for name in (
        *("float16", "float32", "float64", "bfloat16", "complex64", "complex128"),
        *("int8", "int16", "int32", "int64", "uint8", "bool"),
    )
}
"""The dtypes that cross, by name on the wire."""

_NAMES: Final = {dtype: name for name, dtype in DTYPES.items()}

LARGE: Final = 1 << 20
"""Size in bytes from which a tensor is not copied again but keeps the writable buffer that received it."""

MOST_ELEMENTS: Final = 1 << 40
"""Bound on the product of a tensor's non-zero sizes: the strides of empty tensors must not overflow."""

Blob = bytes | memoryview


def pack_tensor(tensor: torch.Tensor, limits: WireLimits) -> tuple[list[Any], Blob]:
    """Return ``[dtype, *shape]`` and the bytes of a plain dense CPU tensor.

    Raises:
        TypeError: its dtype, layout or device does not cross.
        TooLargeError: it exceeds the limits.
    """
    name = _NAMES.get(tensor.dtype)
    if name is None or tensor.layout is not torch.strided or not tensor.is_cpu:
        raise TypeError(f"a {tensor.layout} tensor of {tensor.dtype} on {tensor.device} does not cross")
    if tensor.is_conj() or tensor.is_neg():
        raise TypeError("a tensor whose conjugation or sign is pending does not cross: resolve it")
    shape = list(tensor.shape)
    size = tensor.numel() * tensor.itemsize
    if size > limits.tensor_bytes or len(shape) > limits.dims or _is_odd_empty(size, shape):
        raise TooLargeError(f"a tensor of {len(shape)} dimensions and {size} bytes is too large to cross")
    return [name, *shape], _bytes_of(tensor, size)


def _bytes_of(tensor: torch.Tensor, size: int) -> Blob:
    if not size:
        return b""
    dense = tensor if tensor.is_contiguous() else tensor.detach().contiguous()
    if size < LARGE:
        return ctypes.string_at(dense.data_ptr(), size)
    return dense.detach().reshape(-1).view(torch.uint8).numpy().data.toreadonly()


def _is_odd_empty(elements: int, shape: Sequence[int]) -> bool:
    """Tell whether a tensor is empty and its other sizes are so large that its strides would overflow."""
    return not elements and math.prod(n or 1 for n in shape) > MOST_ELEMENTS


def build_tensor(name: object, shape: Sequence[object], blob: Blob | None, limits: WireLimits) -> torch.Tensor:
    """Build the tensor that ``[dtype, *shape]`` and `blob` describe.

    Raises:
        WireError: the dtype is unknown, a size is invalid, or dtype and sizes do not match the number of bytes.
    """
    dtype = DTYPES.get(name) if type(name) is str else None
    if dtype is None or blob is None or len(shape) > limits.dims:
        raise WireError("a tensor without bytes, of an unknown dtype, or of too many dimensions")
    sizes = [_size(n) for n in shape]
    elements = math.prod(sizes)
    if elements * dtype.itemsize != len(blob) or _is_odd_empty(elements, sizes):
        raise WireError(f"{len(blob)} bytes for a {name} tensor of shape {sizes}")
    own = type(blob) is memoryview and not blob.readonly and len(blob) > 0
    if dtype is torch.bool and not _are_bools(blob, own=own):
        raise WireError("a bool tensor with bytes other than 0 and 1")
    if own:
        return torch.frombuffer(blob, dtype=dtype).reshape(sizes)
    tensor = torch.empty(sizes, dtype=dtype, device="cpu")  # overrides the default device
    ctypes.memmove(tensor.data_ptr(), bytes(blob), len(blob))
    return tensor


def _are_bools(blob: Blob, *, own: bool) -> bool:
    """Tell whether all bytes are 0 or 1; a large buffer (`own`) is not copied for that."""
    if own:
        return int(torch.frombuffer(blob, dtype=torch.uint8).max()) <= 1
    return not bytes(blob).strip(b"\0\1")


def _size(value: object) -> int:
    if type(value) is not int or not 0 <= value <= MOST_ELEMENTS:
        raise WireError("a tensor with a size that is none")
    return value
