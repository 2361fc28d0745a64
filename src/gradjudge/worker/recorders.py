"""Things that must live in the session because the student's code has to use them: they behave, and they remember.

Nothing here is secret: the student's process can read all of it.
"""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Callable, Iterator
from typing import Any, Final, NoReturn
from unittest import mock

import torch

_PLAIN: Final = frozenset({"shape", "dtype", "ndim", "device"})


class Rows:
    """Stand for images that lie in a file: give them one by one, and remember which were read.

    ``len(rows)``, ``rows.shape`` and views such as ``rows.reshape(n, -1)`` read nothing; ``rows[i]`` reads row i;
    whatever else a tensor can do reads everything.

    Args:
        images: one row for each image.
    """

    def __init__(self, images: torch.Tensor, read: list[int] | None = None) -> None:
        self._images = images
        self._read: list[int] = [] if read is None else read

    def seen(self) -> list[int]:
        """Return the rows that were read since the last call, each once, in order."""
        rows = sorted(set(self._read))
        self._read.clear()
        return rows

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, key: Any) -> Any:
        first = key[0] if isinstance(key, tuple) and key else key
        try:
            self._read.extend(torch.arange(len(self._images))[first].reshape(-1).tolist())
        except (IndexError, TypeError):
            if isinstance(first, int):
                raise IndexError(f"there is no row {first}") from None  # ends a loop, as it does for a list
            self._read_all()
        return self._images[key]

    def size(self, *dim: int) -> Any:
        """Return the size, as a tensor does."""
        return self._images.size(*dim)

    def reshape(self, *shape: Any) -> Any:
        """Return a view of the same rows, which reads nothing as long as rows stay rows."""
        return self._view(self._images.reshape(*shape))

    def flatten(self, *dims: int) -> Any:
        """Return a view of the same rows, which reads nothing as long as rows stay rows."""
        return self._view(self._images.flatten(*dims))

    view = reshape

    def _view(self, images: torch.Tensor) -> Any:
        if images.shape[:1] == self._images.shape[:1]:
            return Rows(images, self._read)
        return self._read_all().reshape(images.shape)

    def _read_all(self) -> torch.Tensor:
        self._read.extend(range(len(self._images)))
        return self._images

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__array_interface__":
            raise AttributeError(name)
        return getattr(self._images if name in _PLAIN else self._read_all(), name)

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        return self._read_all().cpu().numpy().__array__(*args, **kwargs)

    def __truediv__(self, other: Any) -> Any:
        return self._read_all() / other

    def __floordiv__(self, other: Any) -> Any:
        return self._read_all() // other

    def __mul__(self, other: Any) -> Any:
        return self._read_all() * other

    __rmul__ = __mul__

    @classmethod
    def __torch_function__(cls, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        whole = [item._read_all() if isinstance(item, Rows) else item for item in args]
        return function(*whole, **(kwargs or {}))


class Unpicklable:
    """Be what no file can hold: writing it fails, as writing to a full disk does."""

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise OSError(28, "No space left on device (pretended by the check)")


def spoil(module: torch.nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """Let the states of a module and of an optimiser hold something `Unpicklable`, at their ends."""
    module.register_state_dict_post_hook(_spoil_state)  # type: ignore[no-untyped-call]
    vars(module)["note"] = Unpicklable()  # for who pickles the module as a whole
    optimizer.param_groups[-1]["note"] = Unpicklable()


def _spoil_state(_module: object, state: dict[str, Any], *_rest: object) -> None:
    state["note"] = Unpicklable()


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
