"""DerivativeWatch student code for derivatives that it has not written: autograd, and differences of its own forward.

``torch.inference_mode`` alone is not enough: ``torch.func`` works under it, and ``inference_mode(False)`` ends it.
Neither are calls that can be seen: ``partial(engine.run_backward)`` calls from C, and a graph's node can be called
itself. So nodes of graphs are counted as well: autograd numbers them, thread by thread. Running a Function makes one
in any mode. What autograd itself calls needs no graph: torch's kernels of derivatives (``aten::tanh_backward``) are
seen by their names, where torch dispatches them, and so are their decompositions in Python.
"""

from __future__ import annotations

import contextlib
import inspect
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, Final

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from gradjudge.session.answer import stand_in

#: What every way to ask torch for a derivative comes to: backward mode, forward mode.
_ASKS: Final = frozenset({"run_backward", "_make_dual"})

_DECOMPOSED: Final = tuple(f"{Path(torch.__file__).parent / folder}/" for folder in ("_decomp", "_refs"))


class AutogradUsedError(RuntimeError):
    """Say that code asked torch for a derivative where it must not."""

    def __init__(self) -> None:
        super().__init__("torch was asked for a derivative")


class DerivativeWatch:
    """Count, while it is entered, calls of one forward and questions to autograd, also in threads started meanwhile.

    A profile function sees calls by whatever name, and leaves the student's class as it is. A stand-in may ask
    autograd. Where no graph is due (under ``inference_mode``), making one counts as a question too.

    Args:
        forward: the function to count; what has no Python code is not counted.
        inputs: the point at which it was called before.
        skip: how many arguments of `forward` come before them: 1 where it takes a ctx.
        kernels: count torch's own kernels of derivatives as questions to autograd.

    Attributes:
        elsewhere: for each input, how often `forward` ran with another value or shape in its place.
        autograd: how often torch was asked for a derivative.
        graphs: whether nodes of a graph were made, other than by a stand-in.
    """

    def __init__(
        self, forward: object = None, inputs: Sequence[Any] = (), skip: int = 0, *, kernels: bool = False
    ) -> None:
        self.elsewhere = [0] * len(inputs)
        self.autograd = 0
        self.graphs = False
        self._code = _code(forward)
        self._inputs = [_kept(item) for item in inputs]
        self._skip = skip
        self._kernels: Any = _Kernels() if kernels else None
        self._before: tuple[Any, Any] = (None, None)
        self._own = threading.local()

    def __enter__(self) -> DerivativeWatch:
        """Begin to watch."""
        self._more_nodes()
        if self._kernels is not None:
            self._kernels.__enter__()
        self._before = sys.getprofile(), threading.getprofile()
        threading.setprofile(self._see)
        sys.setprofile(self._see)
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        sys.setprofile(self._before[0])
        threading.setprofile(self._before[1])
        if self._kernels is not None:
            self._kernels.__exit__(None, None, None)
            self.autograd += self._kernels.seen
        self.graphs |= self._more_nodes() > 0

    def _see(self, frame: FrameType, event: str, argument: Any) -> None:
        self.graphs |= self._more_nodes() > 0
        if event == "c_call":
            name = getattr(argument, "__name__", "")
            if name in _ASKS and not stand_in.at_work():
                self.autograd += 1
            elif self._kernels is not None and "_backward" in name and name != "save_for_backward":
                self._kernels.seen += not stand_in.at_work()
            elif name == "apply" and _is_function(getattr(argument, "__self__", None)):
                self._own.due += 1
        elif event == "call" and self._kernels is not None and _is_decomposed(frame.f_code):
            self._kernels.seen += not stand_in.at_work()
        elif event == "call" and frame.f_code is self._code:
            with contextlib.suppress(Exception):  # a tensor subclass of the student's
                self._count(_arguments(frame))

    def _more_nodes(self) -> int:
        """Return how many more nodes than are due were made in this thread since it was first seen."""
        now = stand_in.nodes_of_others()
        if not hasattr(self._own, "due"):
            self._own.due = now
        return int(now - self._own.due)

    def _count(self, given: list[Any]) -> None:
        for index, (now, then) in enumerate(zip(given[self._skip :], self._inputs, strict=False)):
            if type(then) is torch.Tensor and not _same(now, then):
                self.elsewhere[index] += 1


class _Kernels(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Count kernels of derivatives, by whatever name they are called; all run as they would."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.seen = 0

    def __torch_dispatch__(self, func: Any, _types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.seen += "backward" in func.name() and not stand_in.at_work()
        return func(*args, **(kwargs or {}))


def _is_decomposed(code: CodeType) -> bool:
    return "_backward" in code.co_name and code.co_filename.startswith(_DECOMPOSED)


def _is_function(item: object) -> bool:
    return isinstance(item, type) and issubclass(item, torch._C._FunctionBase)


def _code(function: object) -> CodeType | None:
    with contextlib.suppress(Exception):  # whatever the student's code has made of __wrapped__
        function = inspect.unwrap(function)  # type: ignore[arg-type]
    code = getattr(function, "__code__", None)
    return code if type(code) is CodeType else None


def _arguments(frame: FrameType) -> list[Any]:
    """Return the positional arguments of a call that has just begun, those in ``*args`` too."""
    code, values = frame.f_code, frame.f_locals
    given = [values[name] for name in code.co_varnames[: code.co_argcount]]
    if code.co_flags & inspect.CO_VARARGS:
        given += values[code.co_varnames[code.co_argcount + code.co_kwonlyargcount]]
    return given


def _kept(item: Any) -> Any:
    return item.detach().clone() if type(item) is torch.Tensor else item


def _same(now: Any, then: torch.Tensor) -> bool:
    if not isinstance(now, torch.Tensor):
        return False
    with torch.no_grad():
        return now.shape == then.shape and now.dtype == then.dtype and bool(torch.equal(now, then))
