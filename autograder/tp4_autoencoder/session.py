"""Text for the session: tensors on another device, and machines with other devices.

The student's process can read all of it.
"""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Callable, Iterator
from typing import Any, Final
from unittest import mock

import torch


class Elsewhere(torch.Tensor):
    """Be a tensor on another device than the model: nothing can be computed with it until it has been moved.

    All that moves gives an ordinary tensor: ``to`` a device, ``cpu``, ``cuda``, ``torch.as_tensor(x, device=...)``,
    ``copy_`` into a tensor of the model's device. Looking at sizes and types, views, and other types are allowed.
    """

    _here: torch.Tensor

    def __new__(cls, here: torch.Tensor) -> Elsewhere:
        """Wrap a tensor; it says that it is on the device "meta"."""
        made = torch.Tensor._make_wrapper_subclass(
            cls,
            here.shape,
            strides=here.stride(),
            storage_offset=here.storage_offset(),
            dtype=here.dtype,
            device=torch.device("meta"),
        )
        made._here = here
        return made

    # as_tensor and its like do not ask here; what they do in the end is seen below
    __torch_function__ = torch._C._disabled_torch_function_impl  # type: ignore[assignment]

    def __repr__(self, **_options: object) -> str:  # type: ignore[override]
        return f"a tensor of shape {tuple(self.shape)} on another device"

    @classmethod
    def __torch_dispatch__(  # type: ignore[override]
        cls, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs, name = kwargs or {}, function.overloadpacket.__name__
        target = args[0]
        if name == "copy_" and not isinstance(target, Elsewhere):
            _MOVED.append(name)
            return function(target, args[1]._here, *args[2:], **kwargs)
        if name == "_to_copy" and kwargs.get("device") is not None:
            _MOVED.append(name)
            return function(target._here, **kwargs)
        if name == "is_pinned":
            return True  # pinning has nothing to do
        if name in _HARMLESS:
            return Elsewhere(function(target._here, *args[1:], **kwargs))
        raise RuntimeError(
            "Expected all tensors to be on the same device, but found a batch that was never moved to the model's"
        )


_MOVED: Final[list[str]] = []
_HARMLESS: Final = frozenset({"_to_copy", "alias", "clone", "detach", "squeeze", "unsqueeze", "view", "_unsafe_view"})


def elsewhere(tensor: torch.Tensor) -> torch.Tensor:
    """Return a copy of a tensor that is `Elsewhere`."""
    return Elsewhere(tensor.clone())


def moves() -> int:
    """Return how many tensors that were `Elsewhere` have been moved since the last call."""
    count = len(_MOVED)
    _MOVED.clear()
    return count


def device_under(choose: Callable[[], Any], cuda: bool, mps: bool) -> str:
    """Call a function that picks a device as if the machine had what is said; return the kind of device it picked.

    Only questions are answered otherwise (``torch.cuda.is_available()`` and its like); there is no such device to use.
    """
    with contextlib.ExitStack() as pretending:
        for patch in _pretences(cuda, mps):
            pretending.enter_context(patch)
        return str(torch.device(choose()).type)


def _pretences(cuda: bool, mps: bool) -> Iterator[Any]:
    kind = "cuda" if cuda else "mps" if mps else ""
    answers: dict[str, Any] = {
        "torch.cuda.is_available": cuda,
        "torch.cuda.device_count": int(cuda),
        "torch.backends.mps.is_available": mps,
        "torch.backends.mps.is_built": mps,
        "torch.mps.is_available": mps,
        "torch.mps.device_count": int(mps),
        "torch.accelerator.is_available": bool(kind),
        "torch.accelerator.device_count": int(bool(kind)),
        "torch.accelerator.current_accelerator": torch.device(kind) if kind else None,
    }
    for question, answer in answers.items():
        owner, _, name = question.rpartition(".")
        if hasattr(_module(owner), name):  # older torch has fewer of them
            yield mock.patch(question, return_value=answer)


def _module(name: str) -> object:
    """Return a module by its name, or None if this torch does not have it."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None
