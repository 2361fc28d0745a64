"""Bytes that are no message end in a WireError, without costing more memory than they have bytes."""

from __future__ import annotations

import datetime
import random
import struct
import tracemalloc
from typing import Any

import msgspec
import pytest
import torch

from gradjudge.wire.limits import WireError
from gradjudge.wire.messages import Answer, Call, CellDone, Handle, PassesDone, PassResult, Raised, Ref
from gradjudge.wire.scan import count_nodes
from gradjudge.wire.tensors import Blob
from gradjudge.wire.values import decode_reply, decode_request, encode

pack = msgspec.msgpack.Encoder().encode

EIGHT = b"\0" * 8


def answer(value: Any) -> bytes:
    """Build the head of an Answer by hand from the wire form of its value."""
    return pack(["answer", value])


def test_the_hand_made_head_is_what_the_encoder_makes() -> None:
    """The attacks below are near misses of a valid message, not noise."""
    assert answer([3, "float64", 1]) == encode(Answer(torch.zeros(1, dtype=torch.float64)))[0]
    assert decode_reply(answer([1, 2]), []) == Answer((2,))


HEADS: dict[str, bytes] = {
    "nothing": b"",
    "no array": pack({"type": "answer"}),
    "an unknown tag": pack(["run", 1]),
    "a tag that is no text": pack([1, None]),
    "a field too many": pack(["answer", None, 1]),
    "a field too few": pack(["answer"]),
    "a field of another type": pack(["missing", True, []]),
    "a number beyond 64 bits": answer(1 << 63),
    "a field beyond 64 bits": pack(["answer", None, 1 << 63, []]),
    "a field of a field too few": pack(["passes_done", [[[], True, [], [], [], [], None]]]),
    "a field of a field too many": pack(["passes_done", [[[], True, [], [], [], [], None, [], 1]]]),
    "another message in a message": pack(["passes_done", [[[], True, [], [], [], [], ["missing", "x", []], []]]]),
    "a map": answer({"a": 1}),
    "an empty array": answer([]),
    "an unknown kind of value": answer([9, 1]),
    "a kind that is no number": answer(["list", 1]),
    "a kind that is a bool": answer([True, 1]),
    "a dict with no last value": answer([2, "a"]),
    "a dict with a key twice": answer([2, "a", 1, "a", 2]),
    "a dict with a float for a key": answer([2, 1.0, 1]),
    "a dict with a bool for a key": answer([2, True, 1]),
    "a dict with a list for a key": answer([2, [0], 1]),
    "a timestamp": answer(datetime.datetime.now(datetime.UTC)),
    "an extension": answer(msgspec.msgpack.Ext(5, b"abc")),
    "a pickle": answer(msgspec.msgpack.Ext(1, b"cos\nsystem\n")),
    "handle 0": answer([4, 0, "object"]),
    "a handle of an earlier step": answer([4, -1, "object"]),
    "a handle of an unknown kind": answer([4, 1, "module.__class__"]),
    "a handle with a field too many": answer([4, 1, "object", "X"]),
    "a handle with a field too few": answer([4, 1]),
    "bytes after the message": answer(None) + b"\0",
    "text that is no UTF-8": b"\x92\xa6answer\xa2\xff\xff",
    "a byte that is never used": b"\x92\xa6answer\xc1",
    "an array of four billion": b"\x92\xa6answer\xdd\xff\xff\xff\xff\x00",
    "text of four billion": b"\x92\xa6answer\xdb\xff\xff\xff\xff\x00",
    "deep nesting": b"\x92\xa6answer" + b"\x91" * 100_000,
    "deep nesting, closed": b"\x92\xa6answer" + b"\x92\x00" * 40 + b"\xc0",
    "a head too long": answer(b"x" * (1 << 20)),
}


@pytest.mark.parametrize("name", HEADS)
def test_a_head_that_is_no_message_is_a_fault(name: str) -> None:
    """Wrong shapes, types, tags, extensions and lengths are refused."""
    with pytest.raises(WireError):
        decode_reply(HEADS[name], [])


TENSORS: dict[str, tuple[Any, list[Blob]]] = {
    "no bytes for it": ([3, "float64", 1], []),
    "bytes for none": (None, [EIGHT]),
    "too few bytes": ([3, "float64", 2], [EIGHT]),
    "too many bytes": ([3, "float32", 1], [EIGHT]),
    "bytes for an empty one": ([3, "float32", 0], [EIGHT]),
    "an unknown dtype": ([3, "float128", 1], [EIGHT]),
    "a dtype that is another attribute of torch": ([3, "nn", 1], [EIGHT]),
    "a dtype that is a number": ([3, 7, 1], [EIGHT]),
    "no dtype": ([3], [EIGHT]),
    "a negative size": ([3, "float64", -1], [EIGHT]),
    "two negative sizes": ([3, "float64", -1, -1], [EIGHT]),
    "a size that is a bool": ([3, "float64", True], [EIGHT]),
    "a size that is a float": ([3, "float64", 1.0], [EIGHT]),
    "a product that overflows": ([3, "float64", 1 << 32, 1 << 32, 1], [EIGHT]),
    "a product that overflows to the right number": ([3, "uint8", 1 << 62, 4, 8], [EIGHT]),
    "an empty one whose strides overflow": ([3, "float64", 0, 1 << 40, 1 << 40], [b""]),
    "four hundred megabytes in six bytes": ([3, "float64", 50_000_000], []),
    "too many dimensions": ([3, "float64", *[1] * 17], [EIGHT]),
    "a bool of value two": ([3, "bool", 8], [b"\2" * 8]),
}


@pytest.mark.parametrize("name", TENSORS)
def test_a_tensor_whose_sizes_do_not_make_up_its_bytes_is_a_fault(name: str) -> None:
    """Nothing is allocated for a tensor whose description does not match its bytes."""
    value, blobs = TENSORS[name]
    with pytest.raises(WireError):
        decode_reply(answer(value), blobs)


def test_a_handle_is_never_taken_for_a_message() -> None:
    """A struct where a value belongs, and a value where a struct belongs, are faults."""
    nested = pack(["passes_done", [["raised", "V", True, "", None, ""]]])
    with pytest.raises(WireError):
        decode_reply(nested, [])
    with pytest.raises(WireError):
        decode_reply(pack(["answer", ["answer", None]]), [])


def test_sixteen_megabytes_of_empty_lists_are_refused_without_building_them() -> None:
    """A million nodes in a megabyte are counted, not built."""
    head = b"\x92\xa6answer\xdd" + struct.pack(">I", 1_000_000) + b"\x90" * 1_000_000
    tracemalloc.start()
    with pytest.raises(WireError):
        decode_reply(head, [])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000


@pytest.mark.parametrize("value", [1, [1, [2, "x"], {"a": b"y"}], ["x" * 300, 2.5, None, True, -5, 1 << 40] * 50])
def test_nodes_are_counted_as_the_decoder_builds_them(value: Any) -> None:
    """The count is one per value and per container, whatever the width of its header."""

    def nodes(item: Any) -> int:
        if isinstance(item, dict):
            return 1 + sum(nodes(key) + nodes(part) for key, part in item.items())
        return 1 + sum(map(nodes, item)) if isinstance(item, list) else 1

    assert count_nodes(pack(value), 10_000) == nodes(value)
    with pytest.raises(WireError):
        count_nodes(pack(value), nodes(value) - 1)


def originals() -> list[tuple[bytes, list[bytes]]]:
    """Return a few messages to mutate."""
    ones = torch.ones(2, 3)
    messages = (
        Answer([1, (2.5, "text"), {"k": ones, 3: Handle(2, "module")}]),
        Call(Ref("f", ("g",)), (ones, None), {"k": torch.zeros(0, 2)}, True),
        PassesDone((PassResult((ones,), False, ((ones, None),), (), (), ("X",), Raised("V", True, "t", (1, 2))),)),
        CellDone(None, False, "output", False),
    )
    split = [encode(message) for message in messages]
    return [(bytes(head), [bytes(blob) for blob in blobs]) for head, *blobs in split]


def mutated(rng: random.Random, head: bytes, blobs: list[bytes]) -> tuple[bytes, list[bytes]]:
    """Change, cut, repeat or insert a few bytes, sometimes of the tensors."""
    data, blobs = bytearray(head), list(blobs)
    for _ in range(rng.randint(1, 2)):
        at = rng.randrange(len(data) + 1)
        kind = rng.randrange(6)
        if kind == 0 and data:
            data[min(at, len(data) - 1)] = rng.choice((0x90, 0xC1, 0xC9, 0xD6, 0xDD, 0xDF, 0xFF, rng.randrange(256)))
        elif kind == 1:
            data[at:at] = rng.randbytes(rng.randint(1, 9))
        elif kind == 2:
            del data[at : at + rng.randint(1, 9)]
        elif kind == 3:
            data[at:at] = data[at : at + 30] * rng.randint(1, 50)
        elif kind == 4:
            data[at:at] = b"\xdd" + struct.pack(">I", rng.choice((3, 1 << 16, (1 << 32) - 1)))
        else:
            blobs = rng.sample(blobs, rng.randint(0, len(blobs))) + [rng.randbytes(8)] * rng.randint(0, 1)
    return bytes(data), blobs


@pytest.mark.parametrize("seed", range(4))
def test_mutated_messages_are_messages_or_faults(seed: int) -> None:
    """Thousands of damaged messages decode to a message or end in WireError, in bounded memory."""
    rng = random.Random(seed)
    whole = originals()
    tracemalloc.start()
    outcomes = {"message": 0, "fault": 0}
    for _ in range(1500):
        head, blobs = mutated(rng, *rng.choice(whole))
        for decode in (decode_reply, decode_request):
            try:
                message = decode(head, blobs)
            except WireError:
                outcomes["fault"] += 1
            else:
                outcomes["message"] += 1
                encode(message)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert outcomes["fault"] > 1000
    assert outcomes["message"] > 20
    assert peak < 3_000_000
