"""Turn messages into bytes and back: a closed language of values, decided by exact types.

A message is a head and blobs. The head is MessagePack made of arrays and scalars only: a scalar stands for itself, a
container is an array whose first element is its kind. The blobs are the bytes of the tensors, in the order of the head.
No name from the wire is looked up except in the tables here; decoded values are exact builtins, `Handle` and plain
tensors.
"""

from __future__ import annotations

import typing
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypeVar

import msgspec
import torch

from gradjudge.wire import schema
from gradjudge.wire.limits import DEFAULT, TooLargeError, WireError, WireLimits
from gradjudge.wire.messages import Handle, Reply, Request, Value
from gradjudge.wire.scan import count_nodes
from gradjudge.wire.tensors import Blob, build_tensor, pack_tensor

__all__ = ["TooLargeError", "WireError", "WireLimits", "decode_reply", "decode_request", "encode"]

_LIST: Final = 0
_TUPLE: Final = 1
_DICT: Final = 2
_TENSOR: Final = 3
_HANDLE: Final = 4

_SCALARS: Final = frozenset({type(None), bool, int, float, str, bytes})
_KEYS: Final = frozenset({int, str})

_M = TypeVar("_M", bound=msgspec.Struct)

_DECODER: Final = msgspec.msgpack.Decoder()
_ENCODER: Final = msgspec.msgpack.Encoder()


def _by_tag(union: Any) -> dict[str, Any]:
    return {cls.__struct_config__.tag: cls for cls in typing.get_args(union)}


_REQUESTS: Final[Mapping[str, type[Request]]] = _by_tag(Request)
_REPLIES: Final[Mapping[str, type[Reply]]] = _by_tag(Reply)
_MESSAGES: Final = frozenset({*_REQUESTS.values(), *_REPLIES.values()})


def encode(message: Request | Reply, limits: WireLimits = DEFAULT) -> list[Blob]:
    """Return the head of a message and the bytes of each of its tensors.

    Raises:
        TypeError: a field holds no value, or has the wrong type.
        TooLargeError: the message exceeds the limits.
    """
    if type(message) not in _MESSAGES:
        raise TypeError(f"{type(message).__name__} is no message")
    packer = _Packer(limits)
    try:
        head = _ENCODER.encode(schema.pack(message, packer.value))
    except UnicodeEncodeError:
        raise TypeError("text with half a surrogate pair does not cross") from None
    if len(head) > limits.head_bytes:
        raise TooLargeError(f"a head of {len(head)} bytes")
    if len(head) > limits.nodes:
        try:
            count_nodes(head, limits.nodes)
        except WireError as error:
            raise TooLargeError(str(error)) from None
    return [head, *packer.blobs]


def decode_request(head: bytes, blobs: Sequence[Blob], limits: WireLimits = DEFAULT) -> Request:
    """Decode a request.

    Raises:
        WireError: the bytes are no request.
    """
    return _decode(head, blobs, limits, _REQUESTS, steps=True)


def decode_reply(head: bytes, blobs: Sequence[Blob], limits: WireLimits = DEFAULT) -> Reply:
    """Decode a reply.

    Raises:
        WireError: the bytes are no reply.
    """
    return _decode(head, blobs, limits, _REPLIES)


def _decode(
    head: bytes,
    blobs: Sequence[Blob],
    limits: WireLimits,
    kinds: Mapping[str, type[_M]],
    *,
    steps: bool = False,
) -> _M:
    if len(head) > limits.head_bytes:
        raise WireError(f"a head of {len(head)} bytes")
    sizes = [len(blob) for blob in blobs]
    if len(sizes) > limits.tensors or sum(sizes) > limits.total_bytes or max(sizes, default=0) > limits.tensor_bytes:
        raise WireError("the tensors of a message are beyond the limits")
    if len(head) > limits.nodes:  # a node takes at least one byte
        count_nodes(head, limits.nodes)
    try:
        raw = _DECODER.decode(head)
    except (msgspec.DecodeError, RecursionError, TypeError, ValueError, OverflowError) as error:
        raise WireError(f"the head is no MessagePack: {error}") from None
    if type(raw) is not list or not raw or type(raw[0]) is not str or raw[0] not in kinds:
        raise WireError("a message of no known kind")
    builder = _Builder(limits, iter(blobs), steps=steps)
    message = schema.build(kinds[raw[0]], raw, builder.value)
    if next(builder.blobs, None) is not None:
        raise WireError("bytes of a tensor that the head does not name")
    return message


def _scalar(value: Any, fault: type[Exception]) -> Any:
    """Return `value`; raise `fault` for integers beyond 64 bits and text with lone surrogates."""
    if type(value) is int and not -(1 << 63) <= value < 1 << 63:
        raise fault("an integer beyond 64 bits does not cross")
    if type(value) is str and not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise fault("text with half a surrogate pair does not cross") from None
    return value


class _Packer:
    """Turn values into arrays and scalars, and collect the bytes of tensors."""

    def __init__(self, limits: WireLimits) -> None:
        self.limits = limits
        self.blobs: list[Blob] = []
        self._size = 0

    def value(self, value: Value, depth: int = 0) -> Any:
        kind = type(value)
        if kind in _SCALARS:
            return _scalar(value, TypeError)
        if depth >= self.limits.depth:
            raise TooLargeError(f"values are more than {self.limits.depth} deep")
        if kind is torch.Tensor:
            return self._tensor(value)
        if kind is list:
            return [_LIST, *(self.value(item, depth + 1) for item in value)]
        if kind is tuple:
            return [_TUPLE, *(self.value(item, depth + 1) for item in value)]
        if kind is dict:
            return [_DICT, *self._items(value, depth + 1)]
        if kind is Handle:
            return [_HANDLE, *msgspec.structs.astuple(schema.pack(value, self.value))]
        raise TypeError(f"an object of type {kind.__name__} does not cross")

    def _items(self, value: dict[Any, Value], depth: int) -> Iterator[Any]:
        for key, item in value.items():
            if type(key) not in _KEYS:
                raise TypeError(f"a dict with a key of type {type(key).__name__} does not cross")
            yield _scalar(key, TypeError)
            yield self.value(item, depth)

    def _tensor(self, tensor: torch.Tensor) -> list[Any]:
        described, blob = pack_tensor(tensor, self.limits)
        self.blobs.append(blob)
        self._size += len(blob)
        if len(self.blobs) > self.limits.tensors or self._size > self.limits.total_bytes:
            raise TooLargeError("the tensors of a message are too many or too large to cross")
        return [_TENSOR, *described]


class _Builder:
    """Turn arrays and scalars back into values, consuming the tensors' bytes in order.

    Args:
        steps: whether a handle may be negative, the result of an earlier step (in requests only).
    """

    def __init__(self, limits: WireLimits, blobs: Iterator[Blob], *, steps: bool) -> None:
        self.limits = limits
        self.blobs = blobs
        self._steps = steps

    def value(self, raw: Any, depth: int = 0) -> Value:
        kind = type(raw)
        if kind in _SCALARS:
            return _scalar(raw, WireError)
        if kind is not list or not raw or type(raw[0]) is not int:
            raise WireError("a value of no known kind")
        if depth >= self.limits.depth:
            raise WireError(f"values are more than {self.limits.depth} deep")
        tag = raw[0]
        if tag == _LIST:
            return [self.value(item, depth + 1) for item in raw[1:]]
        if tag == _TUPLE:
            return tuple(self.value(item, depth + 1) for item in raw[1:])
        if tag == _DICT:
            return self._dict(raw, depth + 1)
        if tag == _TENSOR and len(raw) > 1:
            return build_tensor(raw[1], raw[2:], next(self.blobs, None), self.limits)
        if tag == _HANDLE:
            return self._handle(raw)
        raise WireError("a value of no known kind")

    def _dict(self, raw: list[Any], depth: int) -> dict[Any, Value]:
        built: dict[Any, Value] = {}
        if len(raw) % 2 == 0:
            raise WireError("a dict with a key and no value")
        for key, item in zip(raw[1::2], raw[2::2], strict=True):
            if type(key) not in _KEYS:
                raise WireError("a dict with a key that is no text and no number")
            built[_scalar(key, WireError)] = self.value(item, depth)
        if len(built) != len(raw) // 2:  # one check at the end: looking up keys chosen to collide is slow
            raise WireError("a dict with a key twice")
        return built

    def _handle(self, raw: list[Any]) -> Handle:
        handle = schema.build(Handle, raw[1:], self.value)
        if (handle.id < 1 and not (self._steps and handle.id < 0)) or handle.kind not in _HANDLE_KINDS:
            raise WireError("a handle that none can have made")
        return handle


_HANDLE_KINDS: Final = ("function", "class", "callable", "module", "object")
