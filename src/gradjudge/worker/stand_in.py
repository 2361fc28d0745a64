"""Public stand-ins for what a student wrote: what the statement itself says, differentiated by autograd."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Iterator
from types import BuiltinMethodType, MethodType, ModuleType
from typing import Any, ClassVar, Final

import torch

from gradjudge.wire.messages import StandIn, StandInSource

_ABSENT: Final = object()
_KEPT: Final = "inputs_of_the_stand_in"


class StandIns:
    """Rebind names of the student's to stand-ins, and back.

    Args:
        names: the student's global names. The modules that were handed in beside the submission are looked through
            too: a function in one of them sees its own module's names.
    """

    def __init__(self, names: dict[str, Any]) -> None:
        self._names = names
        self._folder = os.getcwd()  # noqa: PTH109  # the submission may leave it, or remove it
        self._undo: list[tuple[dict[str, Any], str, Any]] = []

    def install(self, asked: StandIn) -> None:
        """Bind ``asked.function``, ``asked.apply``, and whatever else is the student's own by another name.

        A name that is bound to the student's class, to its ``apply`` or to an instance of it is bound to the same of
        the stand-in.

        Raises:
            SyntaxError: the formula does not parse.
        """
        function = make_function(asked.function, asked.params, asked.formula)
        _OWN.installed.add(function)
        own, apply = self._names.get(asked.function, _ABSENT), self._names.get(asked.apply, _ABSENT)
        self._bind(asked.function, function)
        if asked.apply:
            like = None if apply is _ABSENT else _as(apply, _class_behind(apply) or own, function)
            self._bind(asked.apply, like or function.apply)
        owners = {id(item): item for item in (own, _class_behind(apply)) if isinstance(item, type)}.values()
        for scope in (self._names, *_companions(self._folder)):
            for name, item in list(scope.items()):
                for owner in owners:
                    like = _as(item, owner, function)
                    if like is not None:
                        self._rebind(scope, name, like)

    def install_source(self, asked: StandInSource) -> None:
        """Bind ``asked.name`` to what the text defines.

        Raises:
            LookupError: the text does not define it.
        """
        scope: dict[str, Any] = {"__name__": "stand_in"}
        exec(compile(asked.source, "<stand-in>", "exec"), scope)  # noqa: S102  the asking side's own text
        if asked.name not in scope:
            raise LookupError(f"the stand-in's text does not define {asked.name}")
        self._bind(asked.name, scope[asked.name])

    def restore(self) -> None:
        """Undo every `install` and `install_source`."""
        _OWN.installed.clear()
        while self._undo:
            scope, name, item = self._undo.pop()
            if item is _ABSENT:
                scope.pop(name, None)
            else:
                scope[name] = item

    def _bind(self, name: str, item: Any) -> None:
        original = self._names.get(name, _ABSENT)
        for scope in (self._names, *_companions(self._folder)):
            if scope is self._names or (original is not _ABSENT and scope.get(name) is original):
                self._rebind(scope, name, item)

    def _rebind(self, scope: dict[str, Any], name: str, item: Any) -> None:
        self._undo.append((scope, name, scope.get(name, _ABSENT)))
        scope[name] = item


def _class_behind(item: Any) -> Any:
    """Give the Function that `item` is, is the ``apply`` of, or is an instance of; None if there is none."""
    owner = item.__self__ if _is_apply(item) else item
    owner = owner if issubclass(type(owner), type) else type(owner)
    own = issubclass(owner, torch.autograd.Function) and owner is not torch.autograd.Function
    return owner if own else None


def _is_apply(item: Any) -> bool:
    return type(item) in (MethodType, BuiltinMethodType) and item.__name__ == "apply"


def _as(item: Any, owner: Any, function: type[torch.autograd.Function]) -> Any:
    """Give of `function` what `item` is of `owner`: the class, its ``apply``, an instance; None if it is none."""
    if item is owner:
        return function
    if not isinstance(owner, type) or _class_behind(item) is not owner:
        return None
    if _is_apply(item):
        return function.apply
    return function() if type(item) is owner else None


def _companions(folder: str) -> Iterator[dict[str, Any]]:
    """Return the names of the modules that were imported from `folder`."""
    # Texts, not paths: thousands of modules are looked at, and a Path for each would take 50 ms.
    for module in list(sys.modules.values()):
        if isinstance(module, ModuleType):
            file = vars(module).get("__file__")
            if type(file) is str and os.path.dirname(file) == folder:  # noqa: PTH120
                yield vars(module)


def make_function(name: str, params: tuple[str, ...], formula: str) -> type[torch.autograd.Function]:
    """Build a Function called `name` whose forward is `formula` over `params`.

    It works through ``apply`` and by hand, with or without ``setup_context`` and whatever kind of context it is given.
    By hand, backward takes any grad_output of one element for a result of one element, and None for 1.
    """
    code = compile(formula, "<stand-in>", "eval")

    def evaluate(inputs: tuple[Any, ...]) -> Any:
        return eval(code, {"torch": torch}, dict(zip(params, inputs, strict=True)))

    def forward(*given: Any) -> Any:
        with_context = len(given) > len(params)  # as people write it; the engine, with a setup_context, gives none
        inputs = given[1:] if with_context else given
        if with_context:
            _keep(given[0], inputs)
        with torch.no_grad():
            return evaluate(inputs)

    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:  # noqa: ARG001
        _keep(ctx, tuple(inputs))

    def backward(ctx: Any, *cotangents: Any) -> Any:
        # inference_mode(False) and the copies: autograd must work here even where a check has switched it off.
        with torch.inference_mode(False), torch.enable_grad(), _at_work(made):
            inputs = tuple(_leaf(tensor) for tensor in _kept(ctx))
            given = evaluate(inputs)
            outputs = given if isinstance(given, tuple) else (given,)
            leaves = [leaf for leaf in inputs if leaf.requires_grad]
            weights = [_fitted(c, o) for c, o in zip(cotangents, outputs, strict=True)]
            gradients = iter(torch.autograd.grad(outputs, leaves, weights, allow_unused=True))
        given_back = tuple(next(gradients) if leaf.requires_grad else None for leaf in inputs)
        return given_back if len(given_back) > 1 else given_back[0]  # as people write it, and chain it by hand

    def call(self: Any, *inputs: Any) -> Any:
        return type(self).apply(*inputs)  # `mse = MSE()`, which torch itself refuses to call

    def new(cls: Any, *inputs: Any) -> Any:
        return cls.apply(*inputs) if inputs else torch.autograd.Function.__new__(cls)  # `mse = MSE`, then mse(yhat, y)

    methods = {
        "__new__": new,
        "forward": staticmethod(forward),
        "setup_context": staticmethod(setup_context),
        "backward": staticmethod(backward),
        "__init__": lambda self: None,  # noqa: ARG005  # torch's own warns
        "__call__": call,
    }
    made: type[torch.autograd.Function] = type(name, (torch.autograd.Function,), methods)
    return made


def _keep(ctx: Any, inputs: tuple[Any, ...]) -> None:
    """Leave the inputs on a context: the engine's, or one of the student's, which may have attributes alone."""
    if not isinstance(ctx, torch._C._FunctionBase):
        with contextlib.suppress(AttributeError, TypeError):
            setattr(ctx, _KEPT, inputs)
            return
    ctx.save_for_backward(*inputs)


def _kept(ctx: Any) -> Any:
    kept = None if isinstance(ctx, torch._C._FunctionBase) else getattr(ctx, _KEPT, None)
    return ctx.saved_tensors if kept is None else kept


def _fitted(cotangent: Any, output: torch.Tensor) -> torch.Tensor:
    """Give a cotangent the shape of the result that it is for."""
    given = torch.as_tensor(1.0 if cotangent is None else cotangent).to(output)
    if given.numel() == output.numel():
        return given.reshape(output.shape).clone()
    return given.expand_as(output).clone()


def _leaf(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.detach().clone().requires_grad_(tensor.is_floating_point() or tensor.is_complex())


class _Own(threading.local):
    """What stand-ins are and do in this thread.

    Attributes:
        count: nodes of graphs that they have made.
        began: how many nodes there were when the one that is at work now began; None if none is.
        installed: those that were asked for; one that the student's own code makes has no leave to use autograd.
    """

    count = 0
    began: int | None = None
    installed: ClassVar[set[type]] = set()


_OWN: Final = _Own()


def at_work() -> bool:
    """Tell whether this thread is in a stand-in's backward, which may ask autograd."""
    return _OWN.began is not None


def nodes_of_others() -> int:
    """Return how many nodes of graphs were made in this thread so far, those of stand-ins not counted."""
    return (_nodes() if _OWN.began is None else _OWN.began) - _OWN.count


@contextlib.contextmanager
def _at_work(function: type) -> Iterator[None]:
    """Take what is done meanwhile for a stand-in's work, if `function` is one that is installed."""
    if _OWN.began is not None or function not in _OWN.installed:
        yield
        return
    _OWN.began = _nodes()
    try:
        yield
    finally:
        _OWN.count += _nodes() - _OWN.began
        _OWN.began = None


def _nodes() -> int:
    return int(torch._C._autograd._get_sequence_nr())
