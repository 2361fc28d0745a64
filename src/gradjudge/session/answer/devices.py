"""Grade code written for the CPU on an accelerator: tensors that it creates during a check go to the inputs' device.

Most students write ``torch.zeros(n, p)`` and have never seen a GPU; with inputs on one, that line would fail and cost
points for something that the question never mentions. Integer tensors stay on the CPU: they work as indices on both,
and a ``DataLoader`` or a permutation draws them with a CPU generator.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Final

import torch
from torch.overrides import TorchFunctionMode

_MAKERS: Final[tuple[Any, ...]] = (
    *(torch.arange, torch.as_tensor, torch.empty, torch.eye, torch.full, torch.linspace, torch.logspace, torch.normal),
    *(torch.ones, torch.rand, torch.randn, torch.scalar_tensor, torch.tensor, torch.zeros),
)


class _MadeOn(TorchFunctionMode):
    """Move floating-point tensors that factory functions make without tensor arguments."""

    def __init__(self, device: str) -> None:
        super().__init__()
        self._device = device

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        options = dict(kwargs or {})
        made = func(*args, **options)
        if func not in _MAKERS or options.get("device") is not None or any(isinstance(a, torch.Tensor) for a in args):
            return made
        if not made.is_floating_point():
            return made
        return made.detach().to(self._device).requires_grad_(made.requires_grad)


def made_on(device: str) -> AbstractContextManager[object]:
    """Return a context in which new floating-point tensors are made on `device`."""
    return nullcontext() if device == "cpu" else _MadeOn(device)
