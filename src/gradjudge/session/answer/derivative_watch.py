"""Watch the student's code for derivatives not written by hand: autograd, and finite differences of its own forward.

``torch.inference_mode`` alone is not enough: ``torch.func`` works under it, and ``inference_mode(False)`` ends it.
Nor is watching calls: ``partial(engine.run_backward)`` is called from C, and a graph's node can be called directly. So
graph nodes are counted as well, by autograd's sequence number of each thread; running a Function makes one in any mode.
Torch's derivative kernels (``aten::tanh_backward``) need no graph: they are recognised by name at dispatch, and so are
their Python decompositions.
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

#: What all of autograd's Python API calls: backward mode, forward mode.
_AUTOGRAD_CALLS: Final = frozenset({"run_backward", "_make_dual"})

_DECOMPOSED: Final = tuple(f"{Path(torch.__file__).parent / folder}/" for folder in ("_decomp", "_refs"))


class AutogradUsedError(RuntimeError):
    """Code asked torch for a derivative where it must not."""

    def __init__(self) -> None:
        super().__init__("torch was asked for a derivative")


class DerivativeWatch:
    """Context manager that counts calls of one forward and uses of autograd, also in threads started meanwhile.

    A profile function sees calls under any name and leaves the student's class unchanged. Stand-ins may use autograd.

    Args:
        forward: the function to count; one without Python code is not counted.
        inputs: the inputs of its original call.
        skip: number of arguments of `forward` before the inputs: 1 if it takes a ctx.
        kernels: count torch's derivative kernels as uses of autograd.

    Attributes:
        elsewhere: for each input, how often `forward` ran with another value or shape for it.
        autograd: how often torch was asked for a derivative.
        graphs: whether graph nodes were made, other than by a stand-in.
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
        self._thread = threading.local()

    def __enter__(self) -> DerivativeWatch:
        """Start watching."""
        self._extra_nodes()
        if self._kernels is not None:
            self._kernels.__enter__()
        self._before = sys.getprofile(), threading.getprofile()
        threading.setprofile(self._profile)
        sys.setprofile(self._profile)
        return self

    def __exit__(self, *_: object) -> None:
        """Stop watching."""
        sys.setprofile(self._before[0])
        threading.setprofile(self._before[1])
        if self._kernels is not None:
            self._kernels.__exit__(None, None, None)
            self.autograd += self._kernels.seen
        self.graphs |= self._extra_nodes() > 0

    def _profile(self, frame: FrameType, event: str, argument: Any) -> None:
        self.graphs |= self._extra_nodes() > 0
        if event == "c_call":
            name = getattr(argument, "__name__", "")
            if name in _AUTOGRAD_CALLS and not stand_in.at_work():
                self.autograd += 1
            elif self._kernels is not None and "_backward" in name and name != "save_for_backward":
                self._kernels.seen += not stand_in.at_work()
            elif name == "apply" and _is_function(getattr(argument, "__self__", None)):
                self._thread.expected += 1  # running a Function makes one node
        elif event == "call" and self._kernels is not None and _is_decomposed(frame.f_code):
            self._kernels.seen += not stand_in.at_work()
        elif event == "call" and frame.f_code is self._code:
            with contextlib.suppress(Exception):  # the student's tensor subclass may raise
                self._count(_arguments(frame))

    def _extra_nodes(self) -> int:
        """Return how many unexpected graph nodes this thread has made since it was first seen."""
        now = stand_in.nodes_of_others()
        if not hasattr(self._thread, "expected"):
            self._thread.expected = now
        return int(now - self._thread.expected)

    def _count(self, given: list[Any]) -> None:
        for index, (now, then) in enumerate(zip(given[self._skip :], self._inputs, strict=False)):
            if type(then) is torch.Tensor and not _same(now, then):
                self.elsewhere[index] += 1


class _Kernels(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Count derivative kernels at dispatch and run everything unchanged."""

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
    with contextlib.suppress(Exception):  # __wrapped__ may be anything
        function = inspect.unwrap(function)  # type: ignore[arg-type]
    code = getattr(function, "__code__", None)
    return code if type(code) is CodeType else None


def _arguments(frame: FrameType) -> list[Any]:
    """Return the positional arguments of a call that has just begun, including ``*args``."""
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
