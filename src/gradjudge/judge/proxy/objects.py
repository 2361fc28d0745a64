"""What a hidden test holds of the student's objects: handles with attributes and calls, never the objects.

A proxy answers ``repr`` from here and has no length, so printing or showing one costs no trip and reads nothing.
A proxy given as an argument crosses as its `Handle`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import torch
from torch import Tensor

from gradjudge.judge.proxy.failures import StudentRaised
from gradjudge.judge.proxy.line import Line, senseless
from gradjudge.wire.messages import Call, Get, Handle, Pass, Passes, PassResult, Ref, Set, Value


class RemoteObject(msgspec.Struct, frozen=True):
    """Say which object of the session a proxy stands for.

    Attributes:
        line: the way to the session.
        ref: the object.
        label: its name in messages to the student (``MSE.backward``).
    """

    line: Line
    ref: Ref
    label: str

    def at(self, attribute: str) -> RemoteObject:
        """Point at an attribute; nothing is asked."""
        path = (*self.ref.path, attribute)
        return RemoteObject(self.line, Ref(self.ref.root, path), f"{self.label}.{attribute}")


class ObjectProxy:
    """Stand for an object of the student's: attributes are fetched and set where it lives."""

    __slots__ = ("_held",)
    _held: RemoteObject

    def __init__(self, held: RemoteObject) -> None:
        object.__setattr__(self, "_held", held)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # copy, pickle and pytest look for these; the student's object is not asked
            raise AttributeError(name)
        held = self._held.at(name)
        return receive(held.line.answer(Get(held.ref), held.label).value, held.line, held.label)

    def __setattr__(self, name: str, value: Any) -> None:
        held = self._held.at(name)
        held.line.answer(Set(held.ref, send(value)), held.label)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._held.label}>"


class CallableProxy(ObjectProxy):
    """Stand for something that can be called: a function, a class, a module, a method.

    Raises:
        StudentRaised: the call raised.
    """

    __slots__ = ()

    def without_autograd(self, *args: Any) -> Any:
        """Call the student's object where torch gives no derivative: asking for one raises, as any error does there."""
        call = Call(self._held.ref, tuple(send(value) for value in args), inference=True)
        return receive(self._held.line.answer(call, self._held.label).value, self._held.line, self._held.label)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the student's object with these values."""
        held = self._held
        call = Call(held.ref, tuple(send(value) for value in args), {name: send(kwargs[name]) for name in kwargs})
        return receive(held.line.answer(call, held.label).value, held.line, held.label)


class ApplyProxy(CallableProxy):
    """Stand for ``NAME.apply``; `function_of` gives back the Function's proxy."""

    __slots__ = ("_function",)
    _function: FunctionProxy

    def __init__(self, held: RemoteObject, function: FunctionProxy) -> None:
        super().__init__(held)
        object.__setattr__(self, "_function", function)


class FunctionProxy(ObjectProxy):
    """Stand for the student's ``torch.autograd.Function`` class."""

    __slots__ = ()

    @property
    def apply(self) -> ApplyProxy:
        """Stand for ``apply``."""
        return ApplyProxy(self._held.at("apply"), self)

    @property
    def forward(self) -> CallableProxy:
        """Stand for ``forward``, called by hand with a context of the student's (``student.Context()``)."""
        return CallableProxy(self._held.at("forward"))

    @property
    def backward(self) -> CallableProxy:
        """Stand for ``backward``, called by hand."""
        return CallableProxy(self._held.at("backward"))

    def passes(
        self, passes: Sequence[Pass], *, through: str = "apply", inference: bool = False, interleave: bool = False
    ) -> tuple[PassResult, ...]:
        """Run forwards and backwards in one trip; see `gradjudge.wire.messages.Passes` for the arguments."""
        request = Passes(self._held.ref, tuple(passes), through, inference, interleave)
        return self._held.line.passes(request, self._held.label)


def function_of(proxy: object) -> FunctionProxy | None:
    """Give the Function behind ``NAME`` or ``NAME.apply``; None for anything else."""
    if isinstance(proxy, ApplyProxy):
        return proxy._function
    return proxy if isinstance(proxy, FunctionProxy) else None


def called_with_leaves(proxy: CallableProxy, inputs: Sequence[Tensor]) -> PassResult:
    """Call `proxy` with leaves that require grad; the result also names the node behind each output.

    Raises:
        StudentRaised: the call raised.
    """
    held = proxy._held
    (result,) = held.line.passes(Passes(held.ref, (Pass(tuple(inputs)),), "call"), held.label)
    if result.raised is not None:
        raise StudentRaised(result.raised, where=held.label)
    return result


def class_name_of(function: FunctionProxy) -> str:
    """Ask what the class of a Function is called: the name of its nodes starts with it. Empty if it has no name."""
    held = function._held.at("__name__")
    name = held.line.answer(Get(held.ref), held.label).value
    return name if type(name) is str else ""


def label_of(proxy: object) -> str:
    """Give the name that messages to the student use; "value" for what is no proxy."""
    return proxy._held.label if isinstance(proxy, ObjectProxy) else "value"


def receive(value: Value, line: Line, label: str) -> Any:
    """Put proxies in the place of handles."""
    if isinstance(value, Handle):
        held = RemoteObject(line, Ref(value.id), label)
        return _PROXIES.get(value.kind, ObjectProxy)(held)
    if type(value) is list:
        return [receive(item, line, label) for item in value]
    if type(value) is tuple:
        return tuple(receive(item, line, label) for item in value)
    if type(value) is dict:
        return {key: receive(item, line, label) for key, item in value.items()}
    return value


def send(value: Any) -> Value:
    """Put handles in the place of proxies and plain tensors on the CPU in the place of tensors.

    Raises:
        TypeError: a tensor requires grad: no graph crosses.
    """
    if isinstance(value, ObjectProxy):
        return handle_of(value)
    if isinstance(value, Tensor):
        if value.requires_grad and torch.is_grad_enabled():
            raise TypeError("no graph crosses to the session: detach a tensor that requires grad")
        return value.detach().cpu().as_subclass(Tensor)
    if type(value) is list:
        return [send(item) for item in value]
    if type(value) is tuple:
        return tuple(send(item) for item in value)
    if type(value) is dict:
        return {key: send(item) for key, item in value.items()}
    return value


def handle_of(proxy: ObjectProxy) -> Handle:
    """Give the handle of the object that a proxy stands for; a proxy of an attribute asks for it.

    Raises:
        CheckFailed: the attribute is a value now.
    """
    held = proxy._held
    if isinstance(held.ref.root, int) and not held.ref.path:
        return Handle(held.ref.root, "object")
    handle = held.line.answer(Get(held.ref), held.label).value
    if not isinstance(handle, Handle):
        senseless(held.label, "a value where an object was before")
    return handle


_PROXIES: dict[str, type[ObjectProxy]] = {
    "function": FunctionProxy,
    "class": CallableProxy,
    "callable": CallableProxy,
    "module": CallableProxy,
    "object": ObjectProxy,
}
