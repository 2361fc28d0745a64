"""The codec: values come back exactly, and nothing else passes in either direction."""

from __future__ import annotations

import math
from collections import OrderedDict, namedtuple
from typing import Any

import msgspec
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from wire.samples import REPLIES, REQUESTS

from gradjudge.wire.limits import TooLargeError, WireError, WireLimits
from gradjudge.wire.messages import Answer, Call, Get, Handle, Pass, PassesDone, Raised, Ref, Reply, Request, RunCell
from gradjudge.wire.tensors import DTYPES
from gradjudge.wire.values import decode_reply, decode_request, encode

TIGHT = WireLimits(head_bytes=2000, nodes=50, depth=4, tensors=3, dims=3, tensor_bytes=800, total_bytes=1000)

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(1 << 63), (1 << 63) - 1)
    | st.floats()
    | st.text(max_size=20)
    | st.binary(max_size=20)
    | st.builds(Handle, st.integers(1, 9), st.sampled_from(["function", "object"]))
)
dtypes = st.sampled_from(sorted(DTYPES))
shapes = st.lists(st.integers(0, 3), max_size=4)


def make_tensor(dtype: str, shape: list[int], seed: int) -> torch.Tensor:
    """Build a tensor of any dtype with values that its dtype can hold."""
    drawn = torch.randint(-3, 100, shape, generator=torch.Generator().manual_seed(seed))
    return (drawn % 2 if dtype == "bool" else drawn.abs() if dtype == "uint8" else drawn).to(DTYPES[dtype])


tensors = st.builds(make_tensor, dtypes, shapes, st.integers(0, 99))
values = st.recursive(
    scalars | tensors,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text(max_size=5) | st.integers(-9, 9), inner, max_size=4)
    ),
    max_leaves=12,
)


def same(a: Any, b: Any) -> bool:
    """Tell whether two values are the same, with their types, NaN and tensors included."""
    if type(a) is not type(b):
        return False
    if isinstance(a, torch.Tensor):
        return a.dtype == b.dtype and a.shape == b.shape and torch.equal(a, b)
    if isinstance(a, msgspec.Struct):
        return all(same(getattr(a, name), getattr(b, name)) for name in a.__struct_fields__)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, float) and math.isnan(a):
        return math.isnan(b)
    return bool(a == b)


def request_again(message: Request) -> Request:
    """Send a request through bytes."""
    head, *blobs = encode(message)
    return decode_request(bytes(head), blobs)


def reply_again(message: Reply) -> Reply:
    """Send a reply through bytes."""
    head, *blobs = encode(message)
    return decode_reply(bytes(head), blobs)


@settings(deadline=None, max_examples=150)
@given(values)
def test_every_value_comes_back_exactly(value: Any) -> None:
    """A value is the same after the trip: types, order, NaN, list and tuple apart."""
    answer = reply_again(Answer(value))
    assert same(Answer(value), answer)


@pytest.mark.parametrize("message", REQUESTS, ids=lambda message: type(message).__name__)
def test_every_request_comes_back_and_is_no_reply(message: Request) -> None:
    """A request with every field set survives the trip; read as a reply it is a fault."""
    assert same(message, request_again(message))
    head, *blobs = encode(message)
    with pytest.raises(WireError):
        decode_reply(bytes(head), blobs)


@pytest.mark.parametrize("message", REPLIES, ids=lambda message: type(message).__name__)
def test_every_reply_comes_back_and_is_no_request(message: Reply) -> None:
    """A reply with every field set survives the trip; read as a request it is a fault."""
    assert same(message, reply_again(message))
    head, *blobs = encode(message)
    with pytest.raises(WireError):
        decode_request(bytes(head), blobs)


def test_a_tensor_comes_back_plain_and_alone() -> None:
    """A decoded tensor is dense, contiguous, requires no grad, and shares memory with nothing."""
    base = torch.arange(12.0).reshape(3, 4)
    sent = (base.T.requires_grad_(), base[0], base[1:], torch.ones(1).expand(5))
    answer = reply_again(Answer(sent))
    assert isinstance(answer, Answer)
    got = answer.value
    assert all(type(t) is torch.Tensor and t.is_contiguous() and not t.requires_grad for t in got)
    assert all(torch.equal(a, b) for a, b in zip(sent, got, strict=True))
    got[1].zero_()
    assert torch.equal(got[2], base[1:])
    assert base[0].sum() > 0
    got[0].resize_(2)


def test_a_large_tensor_comes_back() -> None:
    """A tensor beyond the size that is copied once more is the same after the trip, and can be written to."""
    large = torch.arange(1 << 19, dtype=torch.float64)
    answer = reply_again(Answer([large, large[::2]]))
    assert isinstance(answer, Answer)
    assert torch.equal(answer.value[0], large)
    assert torch.equal(answer.value[1], large[::2])
    answer.value[0][0] = 7.0
    assert large[0] == 0.0


class Text(str):
    """A subclass of a value type."""


Pair = namedtuple("Pair", "a b")
NOT_VALUES: dict[str, Any] = {
    "an object": object(),
    "a set": {1},
    "a complex": 1j,
    "a large integer": 1 << 63,
    "a small integer": -(1 << 63) - 1,
    "half a pair": "\ud800",
    "a str subclass": Text("x"),
    "a numpy float": np.float64(1.0),
    "a numpy array": np.ones(2),
    "an OrderedDict": OrderedDict(a=1),
    "a named tuple": Pair(1, 2),
    "a Size": torch.Size([1]),
    "a Parameter": torch.nn.Parameter(torch.ones(1)),
    "a dict with a bool key": {True: 1},
    "a dict with a tuple key": {(1,): 1},
    "a sparse tensor": torch.eye(2).to_sparse(),
    "a meta tensor": torch.ones(2, device="meta"),
    "a conjugate": torch.ones(2, dtype=torch.complex64).conj(),
    "an uncommon dtype": torch.ones(2).to(torch.float8_e4m3fn),
    "a dtype": torch.float32,
    "a class": int,
}


@pytest.mark.parametrize("name", NOT_VALUES)
def test_what_is_no_value_is_not_sent(name: str) -> None:
    """Only exact types are encoded, at the top and inside."""
    for value in (NOT_VALUES[name], [NOT_VALUES[name]], {"k": NOT_VALUES[name]}):
        with pytest.raises(TypeError):
            encode(Answer(value))


@pytest.mark.parametrize(
    "message",
    [
        Get("MSE"),  # type: ignore[arg-type]
        Get(Ref("MSE", "forward")),  # type: ignore[arg-type]
        RunCell(True, "", "ipython"),
        RunCell(1, b"", "ipython"),  # type: ignore[arg-type]
        RunCell(1 << 63, "", "ipython"),
        RunCell(1, "\ud800", "ipython"),
        RunCell(1, Text("x"), "ipython"),
        Call(Ref("f"), (), {1: 2}),  # type: ignore[dict-item]
        PassesDone((Pass(()),)),  # type: ignore[arg-type]
        Raised("V", True, "t", (1, 2, 3)),  # type: ignore[arg-type]
        Ref("x"),
        Handle(1, "object"),
        None,
    ],
)
def test_a_message_with_a_field_of_another_type_is_not_sent(message: Any) -> None:
    """The encoder checks every field's declared type, so that a mistake shows where it is made."""
    with pytest.raises(TypeError):
        encode(message)


@pytest.mark.parametrize(
    "value",
    [
        [0] * 50,
        "x" * 2001,
        [[[[[]]]]],
        torch.zeros(201),
        [torch.zeros(100), torch.zeros(151)],
        [torch.zeros(1)] * 4,
        torch.zeros(1, 1, 1, 1),
        torch.zeros(1).expand(1 << 40),
    ],
)
def test_what_is_beyond_the_limits_is_not_sent_and_not_read(value: Any) -> None:
    """Nodes, bytes, depth and tensors are bounded on both sides by the same limits."""
    with pytest.raises(TooLargeError):
        encode(Answer(value), TIGHT)
    if isinstance(value, torch.Tensor) and value.numel() > 1 << 30:
        return
    head, *blobs = encode(Answer(value))
    with pytest.raises(WireError):
        decode_reply(bytes(head), blobs, TIGHT)


def test_what_is_at_the_limits_is_sent() -> None:
    """The limits themselves still pass."""
    values: tuple[Any, ...] = ([0] * 44, [[[[]]]], torch.zeros(200), [torch.zeros(1)] * 3, torch.zeros(1, 1, 1))
    for value in values:
        head, *blobs = encode(Answer(value), TIGHT)
        assert same(decode_reply(bytes(head), blobs, TIGHT), Answer(value))
