"""Evasive mutants: right functions that are spoilt only where a careless test does not look.

They are wrong only in large batches, in float32, for non-contiguous inputs, after many calls, for cotangents that are
negative or not ones, or by half a thousandth. Each is a right function or method with a decorator.
"""

from __future__ import annotations

from typing import Final

#: Defines ``_spoilt_when(condition, spoil)``, the decorator of every evasive mutant.
PRELUDE: Final = '''
import functools as _functools

import torch as _torch


def _tensors(arguments):
    """Return the tensors among the arguments, and those saved by a forward pass."""
    first = arguments[0] if arguments else None
    kept = (*getattr(first, "saved_tensors", ()), *getattr(first, "__dict__", {}).values())
    return [item for item in (*arguments, *kept) if isinstance(item, _torch.Tensor)]


def _first_changed(x):
    return x + 0.01 * (_torch.arange(x.numel(), device=x.device) == 0).reshape(x.shape)


def _changed(result, change):
    """Change the tensors and floats of a result."""
    if isinstance(result, _torch.Tensor):
        return change(result) if result.is_floating_point() else result
    if isinstance(result, float):
        return float(change(_torch.tensor(result, dtype=_torch.float64)))
    if isinstance(result, (list, tuple)):
        return type(result)(_changed(item, change) for item in result)
    return result


def _spoilt_when(condition, change):
    def decorate(function):
        calls = [0]

        @_functools.wraps(function)
        def spoilt(*arguments, **options):
            calls[0] += 1
            given = condition(_tensors(arguments), calls[0])
            result = function(*arguments, **options)
            return _changed(result, change) if given else result

        return spoilt

    return decorate


def _with_last(change):
    """Change the last tensor argument: the cotangent of a backward pass."""

    def decorate(function):
        @_functools.wraps(function)
        def changed(*arguments, **options):
            places = [i for i, item in enumerate(arguments) if isinstance(item, _torch.Tensor)]
            arguments = list(arguments)
            if places and arguments[places[-1]].is_floating_point():
                arguments[places[-1]] = change(arguments[places[-1]])
            return function(*arguments, **options)

        return changed

    return decorate
'''

#: Decorators that spoil a forward or backward pass, by name.
OF_PASSES: Final[dict[str, str]] = {
    "large_batches": "_spoilt_when(lambda t, n: any(x.dim() and len(x) > 16 for x in t), lambda x: 2 * x)",
    "float32": "_spoilt_when(lambda t, n: any(x.dtype == _torch.float32 for x in t), lambda x: 1.1 * x)",
    "other_layouts": "_spoilt_when(lambda t, n: any(not x.is_contiguous() for x in t), lambda x: -x)",
    "later_calls": "_spoilt_when(lambda t, n: n > 12, lambda x: 0.5 * x)",
    "slightly": "_spoilt_when(lambda t, n: True, lambda x: 1.0005 * x)",
    "one_entry": "_spoilt_when(lambda t, n: True, _first_changed)",
}

#: Decorators that spoil the cotangent of a backward pass.
OF_COTANGENTS: Final[dict[str, str]] = {
    "absolute_cotangent": "_with_last(lambda g: g.abs())",
    "squared_cotangent": "_with_last(lambda g: g * g.abs())",
    "clamped_cotangent": "_with_last(lambda g: g.clamp(-1, 1))",
    "mean_cotangent": "_with_last(lambda g: g.mean().expand(g.shape))",
}

#: Decorators that spoil any result.
OF_FUNCTIONS: Final[dict[str, str]] = {"slightly": OF_PASSES["slightly"]}

#: Decorators without a trigger: they act at every call.
ALWAYS: Final = frozenset({"slightly", "one_entry", "mean_cotangent"})

#: Methods that are a forward or backward pass.
FORWARD: Final = frozenset({"forward", "encode", "decode"})
BACKWARD: Final = frozenset({"backward"})


def decorators_for(name: str, owner: str, arguments: int) -> dict[str, str]:
    """Return the decorators that fit a function, by its name, its class (or empty) and its number of arguments."""
    if owner and name in BACKWARD:  # a loss module's backward takes only self
        return OF_PASSES | OF_COTANGENTS if arguments > 1 else OF_PASSES
    if owner and name in FORWARD:
        return OF_PASSES
    if owner and name.startswith("_"):
        return {}
    if name.startswith("grad_"):
        return {key: text for key, text in OF_PASSES.items() if key != "other_layouts"}
    return OF_FUNCTIONS
