"""The largest messages that the limits allow, and the nearest ones beyond them: what costs most to decode."""

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


def _chain_of_slots(count: int) -> bytes:
    """Give a dict whose keys are chosen to meet in its hash table: one probe's slots, then what walks it."""
    bits = 18
    slots: list[int] = []
    at = 0
    while len(slots) < count // 2:
        at = (5 * at + 1) % (1 << bits)
        slots.append(at)
    keys = slots + [(number + 1) << bits for number in range(count - len(slots))]
    return _array(2 * len(keys) + 1, b"\x02" + b"".join(pack(key) + b"\xc0" for key in keys))


def bombs() -> dict[str, Message]:
    """Return each by its name."""
    most = DEFAULT.nodes - 10
    room = DEFAULT.head_bytes - 40
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
        "one long text": b"\xdb" + struct.pack(">I", room) + b"x" * room,
        "one long text that is not ASCII": b"\xdb" + struct.pack(">I", room) + "\U0001f600".encode() * (room // 4),
        "long bytes": b"\xc6" + struct.pack(">I", room) + bytes(room),
        "nested at every item": _list(most // 30, b"\x92\x00" * 14 + b"\xc0"),
        "a dict of numbers that collide": _chain_of_slots(most // 2),
        "empty lists beyond the limit": _list(1_000_000, b"\x90"),
        "a short array of four milliards": b"\xdd\xff\xff\xff\xff",
        "a text of four milliards": b"\xdb\xff\xff\xff\xff",
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
