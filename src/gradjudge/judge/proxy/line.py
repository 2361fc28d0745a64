"""Requests and replies: an unusable reply becomes a failed check, never a fault of the grader.

The session is not trusted: kind and counts of its replies are checked here before use.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

import torch
from torch import Tensor

from gradjudge.judge.proxy.failures import CheckFailed, StudentRaised
from gradjudge.text import Text
from gradjudge.wire.messages import Answer, Missing, Passes, PassesDone, PassResult, Raised, Reply, Request

Ask = Callable[[Request], Reply]

LONGEST_NAME = 40
MOST_NAMES = 3


class Line:
    """Ask the session, and return only replies of the expected kind.

    Args:
        ask: sends one request and waits for its reply; its exceptions (a lost session) propagate.
    """

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def answer(self, request: Request, where: str) -> Answer:
        """Send a request whose reply is an `Answer`; `where` names the student's object in messages.

        Raises:
            StudentRaised: the student's code raised.
            CheckFailed: there is no such name, or the reply is of another kind.
        """
        reply = self._reply(request, where)
        if not isinstance(reply, Answer):
            senseless(where, f"{type(reply).__name__} where an Answer is due")
        return reply

    def passes(self, request: Passes, where: str) -> tuple[PassResult, ...]:
        """Run passes and return one result each, with at most one set of gradients per cotangent set.

        An exception of a pass stays in its result; see `raise_first`.
        """
        reply = self._reply(request, where)
        if not isinstance(reply, PassesDone) or len(reply.results) != len(request.passes):
            senseless(where, "not one result for each pass")
        for asked, result in zip(request.passes, reply.results, strict=True):
            complete = len(result.grads) == len(asked.cotangents)
            if request.through == "apply" and any(len(one) != len(asked.inputs) for one in result.grads):
                senseless(where, "not one gradient for each input")
            if len(result.grads) > len(asked.cotangents) or not (complete or result.raised):
                senseless(where, "not one set of gradients for each cotangent")
        return reply.results

    def _reply(self, request: Request, where: str) -> Reply:
        reply = self._ask(request)
        if isinstance(reply, Raised):
            raise StudentRaised(reply, where=where)
        if isinstance(reply, Missing):
            raise missing(where, reply.nearest)
        return reply


def raise_first(results: tuple[PassResult, ...], where: str) -> None:
    """Raise the first exception of a pass, if there is one.

    Raises:
        StudentRaised: at ``NAME.forward`` or ``NAME.backward`` if the session says which.
    """
    for result in results:
        if result.raised is not None:
            during = result.raised.during if result.raised.during in ("forward", "backward") else ""
            raise StudentRaised(result.raised, where=f"{where}.{during}" if during else where)


def missing(where: str, nearest: tuple[str, ...]) -> CheckFailed:
    """Return the failure for an undefined name, with similar names of the student's own."""
    names = [name for name in nearest if name.isidentifier() and len(name) <= LONGEST_NAME][:MOST_NAMES]
    if not names:
        return CheckFailed(Text("`{where}` is not defined.", where=where))
    found = ", ".join(f"`{name}`" for name in names)
    return CheckFailed(Text("`{where}` is not defined. Names like it in your work: {found}.", where=where, found=found))


def require_tensor(value: object, where: str) -> Tensor:
    """Return `value`, detached, if it is a plain dense CPU tensor; otherwise fail the check."""
    if type(value) is Tensor and value.layout is torch.strided and value.device.type == "cpu":
        return value.detach()
    raise CheckFailed(Text("`{where}` gives {kind}; a tensor is expected.", where=where, kind=kind_of(value)))


def kind_of(value: object) -> Text:
    """Name the kind of a student's value, without the value."""
    if value is None:
        return Text("None")
    for kind in (bool, int, float, str, bytes, list, tuple, dict):
        if type(value) is kind:
            return Text("a value of type {type}", type=kind.__name__)
    return Text("a tensor of another kind") if isinstance(value, Tensor) else Text("another kind of object")


def senseless(where: str, detail: str) -> NoReturn:
    """Fail the check because the session's reply is unusable."""
    raise CheckFailed(
        Text("The session that runs your code gave no usable answer for `{where}`.", where=where), detail=detail
    )
