"""Messages of every kind with every field set, for the codec's tests and the fuzzer."""

from __future__ import annotations

import torch

from gradjudge.wire.messages import (
    Answer,
    Call,
    CellDone,
    Define,
    Drop,
    Get,
    Handle,
    Missing,
    Pass,
    Passes,
    PassesDone,
    PassResult,
    Raised,
    Ref,
    Reply,
    Request,
    Restore,
    RunCell,
    Set,
    Step,
    Steps,
)

ONE = torch.ones(2, 3)
REQUESTS: list[Request] = [
    RunCell(3, "x = 1\n", "ipython", ((2, "y = 2"), (4, ""))),
    Get(Ref("MSE", ("forward",))),
    Set(Ref(4, ("weight",)), ONE),
    Call(Ref("f"), (ONE, 1, [None]), {"k": (1.5, "é")}, True, True),
    Steps((Step(Ref("V"), (2.0,)), Step(Ref(-1, ("backward",)), (Handle(-1, "object"), [ONE]), {"k": 1})), (2, 1)),
    Passes(
        Ref("F"), (Pass((ONE,), (True,), ((ONE, ONE), ()), ("strided",), "expanded"), Pass(())), "direct", True, True
    ),
    Define(("Linear", "linear"), "class Linear: ...", True),
    Restore(),
    Drop(),
]
REPLIES: list[Reply] = [
    Answer((ONE, {"a": ONE}, Handle(3, "module"))),
    Raised("ValueError", True, "text", (3, 14), "forward"),
    Raised("Exception", False, ""),
    Missing("MSE", ("mse", "MyMSE")),
    PassesDone(
        (PassResult((ONE,), False, ((ONE, None), (1.0,)), (ONE,), ((ONE,),), ("X",), None, ((2, 0), ())), PassResult())
    ),
    PassesDone((PassResult(raised=Raised("KeyError", True, "t", None, "backward")),)),
    CellDone(Raised("NameError", True, "t", (1, 2)), True, "out", True, "memit", True),
    CellDone(),
]
