"""A session without a process, for tests of its clients. There is no jail, and there are no time limits."""

from __future__ import annotations

from collections.abc import Callable

from gradjudge.sandbox.client import SessionLost
from gradjudge.wire.limits import DEFAULT, WireLimits
from gradjudge.wire.messages import Reply, Request
from gradjudge.wire.values import decode_reply, decode_request, encode


class InMemorySession:
    """Answer requests in this process, with each message encoded and decoded.

    Args:
        answer: what answers, as a rule ``gradjudge.session.answer.answers.Answers(...).answer``.
        limits: of one message.
    """

    layers: tuple[str, ...] = ()
    used = waited = 0.0

    def __init__(self, answer: Callable[[Request], Reply], limits: WireLimits = DEFAULT) -> None:
        self._answer = answer
        self._limits = limits
        self._closed = False

    def ask(self, request: Request, *, seconds: float, grace: float | None = None) -> Reply:
        """Return the reply to `request`, however long it takes.

        Raises:
            SessionLost: the session was closed.
        """
        if self._closed:
            raise SessionLost("crashed", "the session was closed")
        head, *blobs = encode(request, self._limits)
        reply = self._answer(decode_request(bytes(head), blobs, self._limits))
        head, *blobs = encode(reply, self._limits)
        return decode_reply(bytes(head), blobs, self._limits)

    def close(self) -> None:
        """Answer no more."""
        self._closed = True
