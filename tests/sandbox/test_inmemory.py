"""The in-memory session behaves like a real one."""

from __future__ import annotations

import pytest
import torch
from inmemory import InMemorySession

from gradjudge.sandbox.client import Session, SessionLost
from gradjudge.wire.messages import Answer, Call, Get, Ref, Reply, Request


def test_messages_go_through_the_codec() -> None:
    """What arrives is a copy: neither side can reach into the other's tensors."""
    asked: list[Request] = []
    held = torch.ones(3)

    def answer(request: Request) -> Reply:
        asked.append(request)
        return Answer(held)

    session: Session = InMemorySession(answer)
    sent = torch.zeros(2)
    reply = session.ask(Call(Ref("f"), (sent, (1, 2.5))), seconds=1.0)
    assert isinstance(reply, Answer)
    assert torch.equal(reply.value, held)
    reply.value.zero_()
    assert torch.equal(held, torch.ones(3))
    assert isinstance(asked[0], Call)
    assert asked[0].args[1] == (1, 2.5)
    assert asked[0].args[0].data_ptr() != sent.data_ptr()


def test_a_closed_session_is_lost() -> None:
    """As with a real one, nothing comes back after the end."""
    session = InMemorySession(lambda _: Answer(1))
    session.close()
    with pytest.raises(SessionLost):
        session.ask(Get(Ref("x")), seconds=1.0)
