"""The framed socket: turns, sequence numbers, time-outs, and peers that break the protocol."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Iterator

import pytest
import torch
from pupils import soon

from gradjudge.wire.channel import Channel
from gradjudge.wire.limits import TooLargeError, WireError, WireLimits
from gradjudge.wire.messages import Answer, Call, Drop, Get, Missing, Ref, Reply
from gradjudge.wire.values import encode


class Ends:
    """A channel and the other end of its socket."""

    def __init__(self) -> None:
        ours, self.raw = socket.socketpair()
        self.channel = Channel(ours)


@pytest.fixture
def ends() -> Iterator[Ends]:
    """Return a client channel, and the raw socket of a misbehaving peer."""
    both = Ends()
    yield both
    both.channel.close()
    both.raw.close()


def frame(reply: Reply, sequence: int = 1) -> bytes:
    """Frame a reply by hand."""
    head, *blobs = encode(reply)
    sizes = b"".join(struct.pack("<Q", len(blob)) for blob in blobs)
    return struct.pack("<III", sequence, len(head), len(blobs)) + sizes + head + b"".join(blobs)


def test_messages_take_turns() -> None:
    """Requests and replies alternate, with small and large tensors."""
    a, b = socket.socketpair()
    asking, answering = Channel(a), Channel(b)

    def serve() -> None:
        for _ in range(3):
            request = answering.receive("request", patience=soon())
            assert isinstance(request, Call)
            answering.send(Answer(request.args), patience=soon())

    thread = threading.Thread(target=serve)
    thread.start()
    large, small = torch.arange(1 << 18, dtype=torch.float64), torch.ones(3)
    for args in ((), (small, large, small, small, large), tuple(small * n for n in range(2000))):
        asking.send(Call(Ref("f"), args), patience=soon())
        reply = asking.receive("reply", patience=soon())
        assert isinstance(reply, Answer)
        assert len(reply.value) == len(args)
        assert all(torch.equal(x, y) for x, y in zip(reply.value, args, strict=True))
    thread.join()
    asking.close()
    answering.close()


def test_a_hand_made_frame_is_a_reply(ends: Ends) -> None:
    """The attacks below are near misses of a valid frame."""
    ends.channel.send(Drop())
    ends.raw.sendall(frame(Answer(torch.ones(2))))
    assert isinstance(ends.channel.receive("reply", patience=soon()), Answer)


FAULTS = {
    "another number": frame(Answer(), 2),
    "number zero": frame(Answer(), 0),
    "two replies": frame(Answer()) + frame(Answer()),
    "a byte more": frame(Answer()) + b"\0",
    "a head of four gigabytes": struct.pack("<III", 1, 0xFFFFFFFF, 0),
    "a head over the limit": struct.pack("<III", 1, (1 << 20) + 1, 0),
    "four billion tensors": struct.pack("<III", 1, 10, 0xFFFFFFFF),
    "a tensor of four exabytes": struct.pack("<IIIQ", 1, 10, 1, 1 << 62),
    "a tensor over the limit": struct.pack("<IIIQ", 1, 10, 1, (1 << 28) + 1),
    "tensors over the limit together": struct.pack("<III", 1, 10, 3) + struct.pack("<Q", 1 << 28) * 3,
    "an empty head": struct.pack("<III", 1, 0, 0),
    "noise": b"GET / HTTP/1.1\r\n\r\n" * 10,
    "a request": struct.pack("<III", 1, 6, 0) + b"\x91\xa4drop",
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_peer_that_sends_anything_but_the_reply_is_at_fault(ends: Ends, name: str) -> None:
    """Wrong numbers, further messages, lengths over the limits and noise end the exchange for good."""
    ends.channel.send(Drop())
    ends.raw.sendall(FAULTS[name])
    with pytest.raises(WireError):
        ends.channel.receive("reply", patience=soon())
    with pytest.raises(WireError):
        ends.channel.receive("reply", patience=soon())
    with pytest.raises(WireError):
        ends.channel.send(Drop())


def test_an_answer_to_a_question_not_asked_is_a_fault(ends: Ends) -> None:
    """What the peer sends before it is asked is never taken as the reply, even with the right number."""
    ends.raw.sendall(frame(Answer("forged")))
    with pytest.raises(WireError):
        ends.channel.send(Drop())


@pytest.mark.parametrize("cut", [0, 1, 11, 12, 20, -1])
def test_half_a_message_and_then_nothing_is_the_end(ends: Ends, cut: int) -> None:
    """A peer that is gone in the middle of a message, or before it, ends in EOFError."""
    ends.channel.send(Drop())
    ends.raw.sendall(frame(Answer(torch.ones(4)))[:cut])
    ends.raw.close()
    with pytest.raises(EOFError):
        ends.channel.receive("reply", patience=soon())


@pytest.mark.parametrize("cut", [0, 5, 12, 15, 40, -1])
def test_what_has_arrived_before_a_timeout_is_kept(ends: Ends, cut: int) -> None:
    """After a time-out in the middle of a message, receive can be called again and continues."""
    ends.channel.send(Drop())
    whole = frame(Answer(torch.arange(1 << 18, dtype=torch.float64)))
    ends.raw.sendall(whole[:cut] if cut >= 0 else whole[:1000])
    with pytest.raises(TimeoutError):
        ends.channel.receive("reply", patience=soon(0.02))
    rest = whole[cut:] if cut >= 0 else whole[1000:]
    thread = threading.Thread(target=ends.raw.sendall, args=(rest,))
    thread.start()
    reply = ends.channel.receive("reply", patience=soon())
    thread.join()
    assert isinstance(reply, Answer)
    assert reply.value[-1] == (1 << 18) - 1


def test_a_reply_that_is_there_is_received_even_without_time(ends: Ends) -> None:
    """A reply that came in time is not lost because it is read late."""
    ends.channel.send(Drop())
    ends.raw.sendall(frame(Missing("x")))
    time.sleep(0.01)
    assert ends.channel.receive("reply", patience=soon(0.0)) == Missing("x")


def test_a_peer_that_reads_nothing_times_out(ends: Ends) -> None:
    """Sending times out too, and no request can follow half a request."""
    with pytest.raises(TimeoutError):
        ends.channel.send(Call(Ref("f"), (torch.zeros(1 << 22),)), patience=soon(0.05))
    with pytest.raises(WireError):
        ends.channel.send(Drop(), patience=soon())


def test_a_peer_that_is_gone_is_the_end(ends: Ends) -> None:
    """Sending to and receiving from a closed peer raise EOFError, not an OSError or a signal."""
    ends.raw.close()
    with pytest.raises(EOFError):
        ends.channel.send(Drop())
    fresh = Ends()
    fresh.raw.close()
    with pytest.raises(EOFError):
        fresh.channel.receive("request", patience=soon())
    fresh.channel.close()


def test_a_message_that_cannot_be_sent_breaks_nothing() -> None:
    """After TypeError or TooLargeError nothing was sent, and the next message goes through."""
    a, b = socket.socketpair()
    asking, answering = Channel(a, WireLimits(tensor_bytes=100)), Channel(b)
    for value, error in ((object(), TypeError), (torch.zeros(100), TooLargeError)):
        with pytest.raises(error):
            asking.send(Call(Ref("f"), (value,)))
    asking.send(Get(Ref("f")))
    assert answering.receive("request", patience=soon()) == Get(Ref("f"))
    asking.close()
    answering.close()


@pytest.fixture(params=[False, True])
def deterministic(request: pytest.FixtureRequest) -> Iterator[None]:
    """Run with torch's defaults, and as in a judge, where torch fills new memory."""
    torch.use_deterministic_algorithms(request.param)
    yield
    torch.use_deterministic_algorithms(False)


@pytest.mark.usefixtures("deterministic")
def test_memory_that_is_announced_and_never_sent_is_not_used(ends: Ends) -> None:
    """A frame that announces the largest tensors and stops costs address space, not memory."""
    ends.channel.send(Drop())
    ends.raw.sendall(struct.pack("<IIIQQ", 1, 10, 2, 1 << 28, 1 << 28) + b"x" * 100)
    before = resident()
    with pytest.raises(TimeoutError):
        ends.channel.receive("reply", patience=soon(0.05))
    assert resident() - before < 1 << 24


def resident() -> int:
    """Return this process's resident memory in bytes."""
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123  # a file of the kernel
        return int(file.read().split()[1]) * 4096
