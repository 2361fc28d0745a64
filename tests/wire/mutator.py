"""Damage messages: a seeded mutator that knows the structure of a head, so that most results are near misses.

A head is parsed into a tree of lists and scalars, changed there (kinds, fields, sizes, splices), written again with
headers that may be too wide or wrong, and then changed byte by byte. So are the tensors' bytes.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
import torch
from wire.samples import REPLIES, REQUESTS

from gradjudge.wire.messages import Answer, Call, Handle, Missing, Ref, Reply, Request
from gradjudge.wire.tensors import DTYPES, Blob
from gradjudge.wire.values import encode

decode = msgspec.msgpack.Decoder().decode
pack = msgspec.msgpack.Encoder().encode

LONGEST = 2 << 20
"""Bytes after which a head is cut off: twice the limit."""


class Message(NamedTuple):
    """The bytes of a message, as the decoder gets them."""

    head: bytes
    blobs: list[Blob]


class Raw(NamedTuple):
    """Raw bytes in a tree, for a node that cannot be represented otherwise."""

    data: bytes


def _tensor(dtype: str, shape: tuple[int, ...]) -> torch.Tensor:
    return torch.ones(shape, dtype=DTYPES[dtype])


def _nested(depth: int) -> Any:
    return [_nested(depth - 1)] if depth else (1.5, None)


def originals() -> list[Message]:
    """Return messages of every kind, with every kind of value and dtype, some at the limits."""
    messages: list[Request | Reply] = [*REQUESTS, *REPLIES]
    messages += [Answer(_tensor(dtype, shape)) for dtype in DTYPES for shape in ((), (2, 3), (0, 4), (1,) * 16)]
    messages += [
        Answer([None, True, -1, 1 << 40, 2.5, float("nan"), float("-inf"), "text", "é\U0001f600", b"bytes", (), {}]),
        Answer({"a": [1, (2,)], -5: {"b": Handle(2, "module")}, (1 << 63) - 1: Handle(9, "function")}),
        Answer(_nested(31)),
        Answer([_tensor("float32", (n,)) for n in range(40)]),
        Answer("x" * 70_000),
        Call(Ref("f"), (list(range(300)), {str(n): n for n in range(20)})),
        Missing("x" * 300, tuple("abcdefgh")),
    ]
    return [Message(bytes(head), [bytes(blob) for blob in blobs]) for head, *blobs in map(encode, messages)]


INTEGERS = (-(1 << 63), -(1 << 31), -1, 0, 1, 2, 3, 4, 5, 16, 17, 127, 128, 1 << 16, 1 << 31, 1 << 32, 1 << 40, 1 << 62)
FLOATS = (float("nan"), float("inf"), float("-inf"), -0.0, 5e-324, 1.0)
ODD = (
    Raw(b"\xcf" + b"\xff" * 8),  # MessagePack's largest integer: beyond signed 64 bits
    Raw(b"\xcb\x7f\xf4\x00\x00\x00\x00\xde\xad"),  # a signalling NaN with a payload
    Raw(b"\xca\x7f\xa0\x00\x01"),  # the same in 32 bits
    Raw(b"\xa2\xff\xfe"),  # text that is no UTF-8
    Raw(b"\xa3\xed\xa0\x80"),  # half a surrogate pair
    Raw(b"\xc1"),  # a byte that is never used
    Raw(b"\xd6\xff\x00\x00\x00\x00"),  # a timestamp
    Raw(b"\xc7\x03\x05abc"),  # an extension
    Raw(b"\xc9\xff\xff\xff\xff\x01"),  # an extension of four gigabytes
    Raw(b"\x81\xa1a\x01"),  # a map
    Raw(b"\x81\x91\x01\x01"),  # a map with a list for a key
    Raw(b"\x82\xa1a\x01\xa1a\x02"),  # a map with a key twice
    Raw(b"\xdf\xff\xff\xff\xff"),  # a map of four billion
    Raw(b"\xdd\xff\xff\xff\xff"),  # an array of four billion
    Raw(b"\xdd\x00\x01\x86\xa0"),  # an array of a hundred thousand
    Raw(b"\xdb\x7f\xff\xff\xff"),  # text of two gigabytes
    Raw(b"\xc6\xff\xff\xff\xf0"),  # bytes of four gigabytes
    Raw(b"\x91" * 40 + b"\xc0"),
    Raw(b"\x91" * 3000 + b"\xc0"),
    Raw(b"\x91" * 60_000),
)
NEAR: tuple[list[Any], ...] = (
    [],
    [0],
    [1, None],
    [2, "a"],
    [2, "a", 1, "a", 2],
    [2, 1, 1, 1, 2],
    [2, 1.0, 1],
    [2, True, 1],
    [2, [0], 1],
    [3],
    [3, "float64", 1],
    [3, "bool", 8],
    [3, "uint8", 1 << 62, 4, 8],
    [3, "float64", 0, 1 << 40, 1 << 40],
    [3, "float32", -1, -2],
    [3, "complex128", *[1] * 17],
    [3, "nn", 1],
    [4, 0, "object", "X", None],
    [4, -1, "object", "X", None],
    [4, 1, "object", "X", -1],
    [4, 1, "module.__class__", "X", 3],
    [5, 1],
    [-1],
    [True, 1],
    ["answer", None],
)
STRINGS = ("", "answer", "float64", "object", "\0", "x" * 31, "x" * 32, "x" * 300, "é" * 40)


class Mutator:
    """Make damaged messages, each determined by its number.

    Args:
        seed: seed of the whole campaign.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._whole = originals()
        self._trees = [decode(message.head) for message in self._whole]
        self._rng = random.Random()

    def message(self, number: int) -> Message:
        """Return message `number` of the campaign; the same bytes each time."""
        rng = self._rng = random.Random(f"{self._seed}:{number}")
        chosen = rng.randrange(len(self._whole))
        head, blobs = self._whole[chosen].head, list(self._whole[chosen].blobs)
        way = rng.random()
        if way < 0.7:
            tree = self._trees[chosen]
            for _ in range(rng.choice((0, 1, 1, 1, 2, 3))):
                tree = self._changed(tree)
            head = self._written(tree, lies=rng.random() < 0.2, wide=rng.random() < 0.3)
        if 0.6 < way < 0.95:
            head = self._damaged(head)
        if (blobs and rng.random() < 0.3) or rng.random() < 0.05:
            blobs = self._other_blobs(blobs)
        return Message(head, blobs)

    # --- trees ---

    def _changed(self, tree: Any) -> Any:
        """Return a copy of the tree with one node changed."""
        rng = self._rng
        if type(tree) is not list or not tree or rng.random() < 0.12:
            return self._other(tree)
        tree = list(tree)
        at = rng.randrange(len(tree))
        kind = rng.randrange(14)
        if kind < 7:  # further down
            tree[at] = self._changed(tree[at])
        elif kind == 7:
            del tree[at]
        elif kind == 8:
            tree[at:at] = [tree[at]] * self._times()
        elif kind == 9:
            other = rng.randrange(len(tree))
            tree[at], tree[other] = tree[other], tree[at]
        elif kind == 10:
            tree[at] = self._spliced()
        elif kind == 11:
            tree.insert(at, self._other(None))
        elif kind == 12:
            tree[0] = rng.choice((0, 1, 2, 3, 4, 5, *STRINGS, None, *(kept[0] for kept in self._trees)))
        else:
            for _ in range(rng.choice((1, 2, 31, 33, 100))):
                tree[at] = [rng.choice((0, 1)), tree[at]]
        return tree

    def _times(self) -> int:
        """Draw a number of repetitions, seldom a large one, which is slow."""
        return self._rng.choice((1, 1, 2, 30, 200)) if self._rng.random() < 0.98 else 5000

    def _other(self, node: Any) -> Any:
        """Return a replacement for a node, usually of another kind."""
        rng = self._rng
        if type(node) is int and rng.random() < 0.4:
            return max(-(1 << 63), min(node + rng.choice((-1, 1, 1 << 31, 1 << 32)), (1 << 64) - 1))
        if type(node) is str and rng.random() < 0.4:
            return rng.choice((node + "x", node[:-1], node.encode(), *DTYPES, *STRINGS))
        pool: tuple[Any, ...] = rng.choice((INTEGERS, FLOATS, ODD, NEAR, STRINGS, (None, True, False, b"", b"\0" * 70)))
        return rng.choice(pool)

    def _spliced(self) -> Any:
        """Return a part of another message."""
        node = self._rng.choice(self._trees)
        while type(node) is list and node and self._rng.random() < 0.7:
            node = self._rng.choice(node)
        return node

    def _written(self, tree: Any, *, lies: bool, wide: bool) -> bytes:
        """Write a tree as MessagePack; `wide` uses longer headers than necessary, `lies` some wrong counts."""
        rng = self._rng
        out = bytearray()
        nodes = [tree]
        while nodes and len(out) < LONGEST:
            node = nodes.pop()
            if type(node) is list:
                count = len(node)
                if lies and rng.random() < 0.1:
                    count = max(0, count + rng.choice((-1, 1, 2, 1 << 16, (1 << 32) - 1 - count)))
                out += self._header(0x90, 16, b"\xdc", b"\xdd", count, wide)
                nodes.extend(reversed(node))
            elif type(node) is Raw:
                out += node.data
            elif type(node) is str and (wide or lies):
                data = node.encode()
                size = len(data) + (rng.choice((-1, 1, 1 << 20)) if lies and rng.random() < 0.1 else 0)
                out += self._header(0xA0, 32, b"\xda", b"\xdb", max(size, 0), wide) + data
            elif type(node) is int and wide and 0 <= node < 1 << 63:
                out += b"\xcf" + struct.pack(">Q", node)
            else:
                out += pack(node)
        return bytes(out)

    def _header(self, short: int, most: int, middle: bytes, long: bytes, count: int, wide: bool) -> bytes:
        if count < most and not (wide and self._rng.random() < 0.5):
            return bytes((short | count,))
        if count < 1 << 16 and not (wide and self._rng.random() < 0.5):
            return middle + struct.pack(">H", count)
        return long + struct.pack(">I", min(count, (1 << 32) - 1))

    # --- bytes ---

    def _damaged(self, head: bytes) -> bytes:
        rng = self._rng
        data = bytearray(head)
        for _ in range(rng.choice((1, 1, 2, 4))):
            at = rng.randrange(len(data) + 1)
            self._damages[rng.randrange(len(self._damages))](self, data, at)
        return bytes(data)

    def _flip(self, data: bytearray, at: int) -> None:
        if data:
            data[min(at, len(data) - 1)] ^= 1 << self._rng.randrange(8)

    def _overwrite(self, data: bytearray, at: int) -> None:
        if data:
            data[min(at, len(data) - 1)] = self._rng.choice((0x80, 0x90, 0xA0, *range(0xC0, 0xE0), 0xFF))

    def _insert(self, data: bytearray, at: int) -> None:
        data[at:at] = self._rng.randbytes(self._rng.randint(1, 9))

    def _declare(self, data: bytearray, at: int) -> None:
        """Put a header in front that declares more than there is."""
        count = self._rng.choice((0, 3, 1 << 16, 1 << 20, 1 << 28, (1 << 32) - 1))
        data[at:at] = self._rng.choice((b"\xdb", b"\xc6", b"\xc9", b"\xdd", b"\xdf")) + struct.pack(">I", count)

    def _delete(self, data: bytearray, at: int) -> None:
        del data[at : at + self._rng.randint(1, 9)]

    def _truncate(self, data: bytearray, at: int) -> None:
        del data[at:]

    def _repeat(self, data: bytearray, at: int) -> None:
        data[at:at] = data[at : at + self._rng.randint(1, 40)] * self._times()

    def _splice(self, data: bytearray, at: int) -> None:
        other = self._rng.choice(self._whole).head
        data[at:] = other[self._rng.randrange(len(other)) :]

    _damages: tuple[Callable[[Mutator, bytearray, int], None], ...] = (
        *(_flip, _overwrite, _insert, _declare),
        *(_delete, _truncate, _repeat, _splice),
    )

    def _other_blobs(self, blobs: list[Blob]) -> list[Blob]:
        """Drop, repeat, reorder, resize or replace the tensors' bytes."""
        rng = self._rng
        kind = rng.randrange(7)
        if kind == 0:
            return rng.sample(blobs, rng.randint(0, len(blobs)))
        if kind == 1:
            return blobs + [rng.randbytes(rng.choice((0, 1, 8, 16)))] * rng.choice((1, 2, 100))
        if kind == 2:
            return [bytes(blob)[: rng.randint(0, len(blob))] for blob in blobs]
        if kind == 3:
            return [bytes(blob) + bytes(rng.randint(0, 2)) for blob in blobs]
        if kind == 4:  # NaN of every kind, and bools that are none
            return [rng.randbytes(len(blob)) for blob in blobs]
        if kind == 5:
            return [b"\xff" * len(blob) for blob in blobs]
        return [memoryview(bytearray(blob)) for blob in blobs]  # as the channel returns large ones
