"""Questions and answers: what is no usable answer becomes a failed check, never a fault of the grader.

The session is not trusted. Everything that its replies hold is checked here for kind and count before it is used.
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
    """Ask the session; give back only answers of the kind that the question is due.

    Args:
        ask: sends one request and waits for its reply; what it raises (a lost session) passes through.
    """

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def answer(self, request: Request, where: str) -> Answer:
        """Ask what has an `Answer`; `where` names the student's object in messages.

        Raises:
            StudentRaised: the student's code raised.
            CheckFailed: there is no such name, or the reply is of another kind.
        """
        reply = self._reply(request, where)
        if not isinstance(reply, Answer):
            senseless(where, f"{type(reply).__name__} where an Answer is due")
        return reply

    def passes(self, request: Passes, where: str) -> tuple[PassResult, ...]:
        """Run passes; one result for each, with at most one set of gradients per cotangent set.

        What a pass raised stays in its result; see `raise_first`.
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
    """Raise the first exception that a pass met, if one did.

    Raises:
        StudentRaised: where is ``NAME.forward`` or ``NAME.backward`` if the session said which.
    """
    for result in results:
        if result.raised is not None:
            during = result.raised.during if result.raised.during in ("forward", "backward") else ""
            raise StudentRaised(result.raised, where=f"{where}.{during}" if during else where)


def missing(where: str, nearest: tuple[str, ...]) -> CheckFailed:
    """Build the failure of a name that is not there, with names of the student's own that are like it."""
    names = [name for name in nearest if name.isidentifier() and len(name) <= LONGEST_NAME][:MOST_NAMES]
    if not names:
        return CheckFailed(Text("`{where}` is not defined.", where=where))
    found = ", ".join(f"`{name}`" for name in names)
    return CheckFailed(Text("`{where}` is not defined. Names like it in your work: {found}.", where=where, found=found))


def require_tensor(value: object, where: str) -> Tensor:
    """Give back `value` if it is a plain dense tensor on the CPU; fail the check with its kind if not."""
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
    """Fail the check because the session said what no session says."""
    raise CheckFailed(
        Text("The session that runs your code gave no usable answer for `{where}`.", where=where), detail=detail
    )
