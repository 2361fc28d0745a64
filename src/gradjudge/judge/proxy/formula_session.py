"""Source for the session: a stand-in for a ``torch.autograd.Function``, made from the formula in the statement.

The student's process can read all of it, so it contains no hand-written gradient: backward uses autograd.
"""

from __future__ import annotations

import contextlib
from typing import Any, Final

import torch

_KEPT: Final = "inputs_of_the_stand_in"


def make_function(name: str, params: tuple[str, ...], formula: str) -> type[torch.autograd.Function]:
    """Build a Function called `name` whose forward is `formula` over `params`.

    It works through ``apply`` and by hand, with or without ``setup_context`` and with any kind of context. By hand,
    backward accepts any one-element grad_output for a one-element result, and None as 1.
    """
    code = compile(formula, "<stand-in>", "eval")

    def evaluate(inputs: tuple[Any, ...]) -> Any:
        return eval(code, {"torch": torch}, dict(zip(params, inputs, strict=True)))

    def forward(*given: Any) -> Any:
        with_context = len(given) > len(params)  # by hand; with setup_context, the engine passes no ctx
        inputs = given[1:] if with_context else given
        if with_context:
            _keep(given[0], inputs)
        with torch.no_grad():
            return evaluate(inputs)

    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:  # noqa: ARG001
        _keep(ctx, tuple(inputs))

    def backward(ctx: Any, *cotangents: Any) -> Any:
        # inference_mode(False) and the copies: autograd must work here even if a check has switched it off.
        with torch.inference_mode(False), torch.enable_grad():
            inputs = tuple(_leaf(tensor) for tensor in _kept(ctx))
            given = evaluate(inputs)
            outputs = given if isinstance(given, tuple) else (given,)
            leaves = [leaf for leaf in inputs if leaf.requires_grad]
            weights = [_fitted(c, o) for c, o in zip(cotangents, outputs, strict=True)]
            gradients = iter(torch.autograd.grad(outputs, leaves, weights, allow_unused=True))
        given_back = tuple(next(gradients) if leaf.requires_grad else None for leaf in inputs)
        return given_back if len(given_back) > 1 else given_back[0]  # as students chain it by hand

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
    """Store the inputs on a context: the engine's, or one of the student's without ``save_for_backward``."""
    if not isinstance(ctx, torch._C._FunctionBase):
        with contextlib.suppress(AttributeError, TypeError):
            setattr(ctx, _KEPT, inputs)
            return
    ctx.save_for_backward(*inputs)


def _kept(ctx: Any) -> Any:
    kept = None if isinstance(ctx, torch._C._FunctionBase) else getattr(ctx, _KEPT, None)
    return ctx.saved_tensors if kept is None else kept


def _fitted(cotangent: Any, output: torch.Tensor) -> torch.Tensor:
    """Fit a cotangent to its output."""
    given = torch.as_tensor(1.0 if cotangent is None else cotangent).to(output)
    if given.numel() == output.numel():
        return given.reshape(output.shape).clone()
    return given.expand_as(output).clone()


def _leaf(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.detach().clone().requires_grad_(tensor.is_floating_point() or tensor.is_complex())
