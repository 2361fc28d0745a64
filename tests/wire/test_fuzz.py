"""Thousands of damaged messages, decoded in a process with limited memory. ``make fuzz`` decodes a million."""

from __future__ import annotations

import tracemalloc

import pytest
import torch
from wire.bombs import bombs
from wire.fuzz import NotPlainError, part, require_plain
from wire.mutator import Mutator, originals

from gradjudge.wire.limits import WireError
from gradjudge.wire.messages import Answer
from gradjudge.wire.values import decode_reply, decode_request


@pytest.mark.parametrize("seed", [101, 202, 303])
def test_damaged_messages_are_plain_messages_or_faults(seed: int) -> None:
    """Each of ten thousand messages is plain or refused with WireError; none is slow, large or fatal."""
    tally = part(seed, 0, 10_000, traced=False)
    assert tally.crashes == []
    assert tally.messages == 10_000
    assert tally.decoded > 1000
    assert tally.refused > 10_000


def test_what_small_messages_cost_is_bounded() -> None:
    """The memory taken by each message stays under the limit."""
    tally = part(404, 0, 1000, traced=True)
    assert tally.crashes == []
    assert tally.largest > 10_000  # it was traced


def test_the_largest_messages_are_decoded_in_bounded_memory() -> None:
    """What the limits allow fits into the given address space, and what is beyond them is refused."""
    tally = part(0, 0, 0, traced=False)
    assert tally.crashes == []
    assert tally.messages == len(bombs())
    assert tally.decoded > 10
    assert tally.refused > len(bombs())


def test_a_crash_is_seen() -> None:
    """Values that are not plain are recognised."""

    class Sub(torch.Tensor):
        """A subclass."""

    require_plain(Answer([1, (torch.ones(2), {"a": None})]), top=True)
    for value in ({1}, object(), {1.5: 2}, torch.ones(2, requires_grad=True), torch.ones(4)[:2], Sub(), 1j):
        with pytest.raises(NotPlainError):
            require_plain(Answer([value]), top=True)
    with pytest.raises(NotPlainError):
        require_plain([1], top=True)


def test_a_campaign_is_reproducible_from_its_seed() -> None:
    """Message 7 of a seed has the same bytes each time, so that findings can be examined."""
    first, again, other = Mutator(5), Mutator(5), Mutator(6)
    first.message(3)
    assert first.message(7).head == again.message(7).head
    assert [first.message(n).head for n in range(9)] != [other.message(n).head for n in range(9)]


@pytest.mark.parametrize("number", range(len(originals())))
def test_the_originals_are_messages(number: int) -> None:
    """The messages are valid before they are damaged."""
    head, blobs = originals()[number]
    outcome = []
    for decode in (decode_reply, decode_request):
        try:
            require_plain(decode(head, blobs), top=True)
        except WireError:
            continue
        outcome.append(decode.__name__)
    assert len(outcome) == 1


def test_a_large_bool_tensor_is_checked_without_a_copy() -> None:
    """Looking for bytes other than 0 and 1 must not double the memory of the largest message."""
    blob = memoryview(bytearray(1 << 24))
    head = bombs()["a large tensor of bool"].head
    tracemalloc.start()
    answer = decode_reply(head, [blob])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert isinstance(answer, Answer)
    assert answer.value.shape == (1 << 24,)
    assert peak < 1 << 20
    blob[-1] = 2
    with pytest.raises(WireError):
        decode_reply(head, [blob])
