"""Grade on an accelerator what was written on a CPU: what code makes while a check asks is made where its inputs are.

Most students write ``torch.zeros(n, p)`` and have never seen a GPU. With inputs on one, that line would fail, and cost
points that the question never mentions. So floating-point tensors that their code makes while it answers are put onto
the device. Tensors of integers stay on the CPU: as indices they serve both, and a ``DataLoader`` or a permutation draws
them with a generator of the CPU.
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
    """Move what a maker makes of numbers alone."""

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
    """Have floating-point tensors that are made meanwhile made on `device`."""
    return nullcontext() if device == "cpu" else _MadeOn(device)
