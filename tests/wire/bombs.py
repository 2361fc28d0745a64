"""The messages that cost most to decode: the largest within the limits, and some just beyond them."""

from __future__ import annotations

import struct

from wire.mutator import Message, pack

from gradjudge.wire.limits import DEFAULT
from gradjudge.wire.tensors import DTYPES


def _answer(value: bytes) -> bytes:
    """Build the head of an Answer around a value's bytes."""
    return b"\x92\xa6answer" + value


def _array(items: int, data: bytes) -> bytes:
    return b"\xdd" + struct.pack(">I", items) + data


def _list(items: int, item: bytes) -> bytes:
    return _array(items + 1, b"\x00" + item * items)


def _colliding_dict(count: int) -> bytes:
    """Return a dict with colliding keys: half fill the slots of one probe sequence, the others must walk it."""
    bits = 18
    filling: list[int] = []
    at = 0
    while len(filling) < count // 2:
        at = (5 * at + 1) % (1 << bits)
        filling.append(at)
    keys = filling + [(number + 1) << bits for number in range(count - len(filling))]
    return _array(2 * len(keys) + 1, b"\x02" + b"".join(pack(key) + b"\xc0" for key in keys))


def bombs() -> dict[str, Message]:
    """Return the messages by name."""
    most = DEFAULT.nodes - 10
    size = DEFAULT.head_bytes - 40
    tensors = DEFAULT.tensors
    described = {name: pack([3, name, 1]) for name in DTYPES}
    heads = {
        "numbers": _list(most, b"\x01"),
        "large numbers": _list(most, b"\xcf\x7f" + b"\xff" * 7),
        "floats": _list(most, b"\xcb" + struct.pack(">d", 0.1)),
        "empty lists": _list(most // 2, b"\x91\x00"),
        "empty dicts": _list(most // 2, b"\x91\x02"),
        "dicts of one": _list(most // 4, b"\x93\x02\xa1a\xc0"),
        "short texts": _list(most, b"\xa8" + "é".encode() * 4),
        "handles": _list(most // 6, pack([4, 1, "object", "X", None])),
        "one long text": b"\xdb" + struct.pack(">I", size) + b"x" * size,
        "one long text that is not ASCII": b"\xdb" + struct.pack(">I", size) + "\U0001f600".encode() * (size // 4),
        "long bytes": b"\xc6" + struct.pack(">I", size) + bytes(size),
        "nested at every item": _list(most // 30, b"\x92\x00" * 14 + b"\xc0"),
        "a dict of numbers that collide": _colliding_dict(most // 2),
        "empty lists beyond the limit": _list(1_000_000, b"\x90"),
        "a short array of four billion": b"\xdd\xff\xff\xff\xff",
        "a text of four billion": b"\xdb\xff\xff\xff\xff",
        "deep": b"\x91" * 90_000,
        "deep and long": b"\x91" * 900_000,
    }
    made = {name: Message(_answer(value), []) for name, value in heads.items()}
    for name in ("float64", "bool", "bfloat16"):
        size = DTYPES[name].itemsize
        value = _list(tensors, described[name])
        made[f"tensors of {name}"] = Message(_answer(value), [bytes(size)] * tensors)
    large = memoryview(bytearray(1 << 24))
    made["a large tensor of bool"] = Message(_answer(pack([3, "bool", 1 << 24])), [large])
    made["large tensors"] = Message(_answer(_list(4, pack([3, "float32", 1 << 22]))), [large] * 4)
    made["results of passes"] = Message(
        pack(["passes_done", [[[], True, [], [], [], [], None, []]] * (most // 9)]),
        [],
    )
    made["a pair of tensors too many"] = Message(_answer(_list(2, described["bool"])), [b"\0"] * (tensors + 1))
    made["no tensor for a large one"] = Message(_answer(pack([3, "float64", 1 << 40])), [])
    made["an empty tensor whose strides overflow"] = Message(_answer(pack([3, "float64", 0, 1 << 40, 1 << 40])), [b""])
    return made
