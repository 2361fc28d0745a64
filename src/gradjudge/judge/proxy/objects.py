"""Proxies for the student's objects: attributes and calls by handle.

``repr`` of a proxy is answered locally and a proxy has no length, so printing one costs no round trip. A proxy passed
as an argument crosses as its `Handle`.
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
    """The object of the session that a proxy stands for.

    Attributes:
        line: connection to the session.
        ref: the object.
        label: its name in messages to the student (``MSE.backward``).
    """

    line: Line
    ref: Ref
    label: str

    def at(self, attribute: str) -> RemoteObject:
        """Return a reference to an attribute, without asking the session."""
        path = (*self.ref.path, attribute)
        return RemoteObject(self.line, Ref(self.ref.root, path), f"{self.label}.{attribute}")


class ObjectProxy:
    """Proxy for an object of the student's: attributes are fetched and set in the session."""

    __slots__ = ("_held",)
    _held: RemoteObject

    def __init__(self, held: RemoteObject) -> None:
        object.__setattr__(self, "_held", held)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # copy, pickle and pytest look these up; do not ask the session
            raise AttributeError(name)
        held = self._held.at(name)
        return receive(held.line.answer(Get(held.ref), held.label).value, held.line, held.label)

    def __setattr__(self, name: str, value: Any) -> None:
        held = self._held.at(name)
        held.line.answer(Set(held.ref, send(value)), held.label)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._held.label}>"


class CallableProxy(ObjectProxy):
    """Proxy for a callable: a function, a class, a module, a method.

    Raises:
        StudentRaised: the call raised.
    """

    __slots__ = ()

    def without_autograd(self, *args: Any) -> Any:
        """Call the student's object with autograd off: if it asks torch for a derivative, the call raises."""
        call = Call(self._held.ref, tuple(send(value) for value in args), inference=True)
        return receive(self._held.line.answer(call, self._held.label).value, self._held.line, self._held.label)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the student's object."""
        held = self._held
        call = Call(held.ref, tuple(send(value) for value in args), {name: send(kwargs[name]) for name in kwargs})
        return receive(held.line.answer(call, held.label).value, held.line, held.label)


class ApplyProxy(CallableProxy):
    """Proxy for ``NAME.apply``; `function_of` returns the Function's proxy."""

    __slots__ = ("_function",)
    _function: FunctionProxy

    def __init__(self, held: RemoteObject, function: FunctionProxy) -> None:
        super().__init__(held)
        object.__setattr__(self, "_function", function)


class FunctionProxy(ObjectProxy):
    """Proxy for a ``torch.autograd.Function`` class of the student's."""

    __slots__ = ()

    @property
    def apply(self) -> ApplyProxy:
        """Proxy for ``apply``."""
        return ApplyProxy(self._held.at("apply"), self)

    @property
    def forward(self) -> CallableProxy:
        """Proxy for ``forward``, to be called by hand with a context of the student's (``student.Context()``)."""
        return CallableProxy(self._held.at("forward"))

    @property
    def backward(self) -> CallableProxy:
        """Proxy for ``backward``, to be called by hand."""
        return CallableProxy(self._held.at("backward"))

    def passes(
        self, passes: Sequence[Pass], *, through: str = "apply", inference: bool = False, interleave: bool = False
    ) -> tuple[PassResult, ...]:
        """Run forwards and backwards in one round trip; for the arguments see `gradjudge.wire.messages.Passes`."""
        request = Passes(self._held.ref, tuple(passes), through, inference, interleave)
        return self._held.line.passes(request, self._held.label)


def function_of(proxy: object) -> FunctionProxy | None:
    """Return the Function's proxy for ``NAME`` or ``NAME.apply``; None for anything else."""
    if isinstance(proxy, ApplyProxy):
        return proxy._function
    return proxy if isinstance(proxy, FunctionProxy) else None


def called_with_leaves(proxy: CallableProxy, inputs: Sequence[Tensor]) -> PassResult:
    """Call `proxy` with `inputs` as leaves that require grad; the result has each output's ``grad_fn`` name.

    Raises:
        StudentRaised: the call raised.
    """
    held = proxy._held
    (result,) = held.line.passes(Passes(held.ref, (Pass(tuple(inputs)),), "call"), held.label)
    if result.raised is not None:
        raise StudentRaised(result.raised, where=held.label)
    return result


def class_name_of(function: FunctionProxy) -> str:
    """Return the class name of a Function, with which the names of its nodes start; "" if it has none."""
    held = function._held.at("__name__")
    name = held.line.answer(Get(held.ref), held.label).value
    return name if type(name) is str else ""


def label_of(proxy: object) -> str:
    """Return a proxy's name in messages to the student; "value" for anything else."""
    return proxy._held.label if isinstance(proxy, ObjectProxy) else "value"


def receive(value: Value, line: Line, label: str) -> Any:
    """Replace handles by proxies."""
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
    """Replace proxies by handles, and tensors by plain CPU tensors.

    Raises:
        TypeError: a tensor requires grad, and no graph crosses.
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
    """Return the handle of a proxy's object; for a name or an attribute, ask the session for it.

    Raises:
        CheckFailed: it is a value now.
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
