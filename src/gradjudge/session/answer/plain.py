"""Turn the student's objects into wire values, reading them with the builtin types' own methods.

An object that lies (a float that shows another number, a list that changes between reads, a tensor that overrides
every function) is a subclass of what it pretends to be. So everything is read once, by the base type. What has no value
gets a handle. Tensors come out plain, dense, detached and on the CPU; they may share memory with the student's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import numpy
import torch

from gradjudge.wire.limits import TooLargeError, WireLimits
from gradjudge.wire.messages import Handle, Value
from gradjudge.wire.tensors import DTYPES

_WIRE_DTYPES: Final = frozenset(DTYPES.values())
_Base: Any = torch._C.TensorBase
_NUMPY: Any = numpy.ndarray


class _NoValue(Exception):
    """An object has no value."""


class Reader:
    """Read one object of the student's.

    Args:
        handle: makes a handle for an object without a value.
        limits: reading stops at these.
    """

    def __init__(self, handle: Callable[[object], Handle], limits: WireLimits) -> None:
        self._handle = handle
        self._limits = limits
        self._nodes = 0
        self._bytes = 0

    def value(self, item: object, depth: int = 0) -> Value:
        """Return the value of `item`.

        Raises:
            TooLargeError: it exceeds the limits.
        """
        self._nodes += 1
        if self._nodes > self._limits.nodes or depth > self._limits.depth:
            raise TooLargeError("it has too many parts, or parts within parts")
        try:
            return self._read(item, type(item), depth)
        except _NoValue:
            return self._handle(item)

    def _read(self, item: Any, kind: type, depth: int) -> Value:
        if item is None or kind is bool or kind is float:
            return item
        if issubclass(kind, torch.Tensor):
            return self._tensor(item)
        if issubclass(kind, numpy.generic):
            return self._scalar(item)
        for base, read in _SCALARS:
            if issubclass(kind, base):
                return self._bounded(read(item))
        for base, items in _SEQUENCES:
            if issubclass(kind, base):
                return base(self.value(part, depth + 1) for part in items(item))
        if issubclass(kind, dict):
            return self._dict(dict.items(item), depth + 1)
        if issubclass(kind, numpy.ndarray):
            return self._array(item)
        raise _NoValue

    def _bounded(self, scalar: Value) -> Value:
        if type(scalar) is int and not -(1 << 63) <= scalar < 1 << 63:
            raise _NoValue
        if type(scalar) in (str, bytes):
            self._bytes += len(scalar)
            if self._bytes > self._limits.head_bytes:
                raise TooLargeError("its text is too long")
        return scalar.encode("utf-8", "replace").decode() if type(scalar) is str else scalar

    def _scalar(self, item: numpy.generic) -> Value:
        scalar = numpy.generic.item(item)
        if type(scalar) not in (bool, int, float, str, bytes):
            raise _NoValue  # dates, complex numbers, records
        return self._bounded(scalar)

    def _dict(self, items: Iterable[tuple[Any, Any]], depth: int) -> Value:
        built: dict[Any, Value] = {}
        for key, item in items:
            plain = self._read(key, type(key), depth) if issubclass(type(key), int | str | numpy.generic) else None
            if type(plain) not in (int, str):
                raise _NoValue
            self._nodes += 1
            built[plain] = self.value(item, depth)
        return built

    def _array(self, item: Any) -> torch.Tensor:
        self._refuse_large(_NUMPY.nbytes.__get__(item))
        try:
            return self._tensor(torch.from_numpy(numpy.array(item, order="C", subok=False)))
        except TypeError:
            raise _NoValue from None  # objects, text, dtypes unknown to torch

    def _tensor(self, item: torch.Tensor) -> torch.Tensor:
        if _is_plain(item):
            self._refuse_large(item.numel() * item.itemsize)
            return item.detach()
        with torch.no_grad(), torch._C.DisableTorchFunctionSubclass():
            try:
                plain = self._dense(_Base.detach(item))
            except RuntimeError:
                raise _NoValue from None  # cannot be converted to a dense CPU tensor
        if not _is_plain(plain):
            raise _NoValue
        return plain

    def _dense(self, tensor: torch.Tensor) -> torch.Tensor:
        if type(tensor) is not torch.Tensor or tensor.is_meta:
            raise _NoValue
        # A sparse or expanded tensor can be far larger once dense.
        self._refuse_large(tensor.numel() * tensor.element_size())
        if tensor.is_quantized:
            tensor = tensor.dequantize()
        if tensor.layout is not torch.strided:
            tensor = tensor.to_dense()
        return tensor.cpu().resolve_conj().resolve_neg()

    def _refuse_large(self, size: int) -> None:
        if size > self._limits.tensor_bytes:
            raise TooLargeError(f"it is a tensor of {size} bytes")


def _is_plain(item: torch.Tensor) -> bool:
    """Tell whether a tensor is an ordinary one, as most are, which needs no conversion."""
    return (
        type(item) is torch.Tensor
        and item.is_cpu
        and item.layout is torch.strided
        and item.dtype in _WIRE_DTYPES
        and not _is_odd(item)
        and not (item.is_conj() or item.is_neg() or torch._C._functorch.is_functorch_wrapped_tensor(item))
    )


def _is_odd(item: torch.Tensor) -> bool:
    """Tell whether a tensor that looks ordinary lacks ordinary storage."""
    return item.is_nested or torch._is_functional_tensor(item)


def grad_fn_name(tensor: torch.Tensor) -> str:
    """Return the type name of a tensor's true ``grad_fn``; "" for none."""
    if type(tensor) is torch.Tensor:
        node = tensor.grad_fn
    else:
        with torch._C.DisableTorchFunctionSubclass():
            node = _Base.grad_fn.__get__(tensor)
    return "" if node is None else type(node).__name__[:200]


def requires_grad(tensor: torch.Tensor) -> bool:
    """Tell whether autograd tracks a tensor, even if its class overrides ``requires_grad``."""
    with torch._C.DisableTorchFunctionSubclass():
        tracked: bool = _Base.requires_grad.__get__(tensor)
    return tracked


def _joined(item: Any) -> bytes:
    return memoryview(item).tobytes()


def _parts(item: Any) -> Iterator[Any]:
    return tuple.__iter__(item)


_SCALARS: Final[tuple[tuple[type, Callable[[Any], Value]], ...]] = (
    (int, int.__int__),
    (float, float.__float__),
    (str, str.__str__),
    (bytes, _joined),
    (bytearray, _joined),
)
_SEQUENCES: Final[tuple[tuple[type, Callable[[Any], Iterator[Any]]], ...]] = ((list, list.__iter__), (tuple, _parts))
