"""Source for the session: images that record which of them were read. The student's process can read all of it."""

from __future__ import annotations

from typing import Any, Final

import torch

_PLAIN: Final = frozenset({"shape", "dtype", "ndim", "device"})


class Rows:
    """Mimic images that lie in a file: return them one by one, and record which were read.

    ``len(rows)``, ``rows.shape`` and views such as ``rows.reshape(n, -1)`` read nothing; ``rows[i]`` reads row i;
    whatever else a tensor can do reads everything.

    Args:
        images: one row per image.
    """

    def __init__(self, images: torch.Tensor, read: list[int] | None = None) -> None:
        self._images = images
        self._read: list[int] = [] if read is None else read

    def seen(self) -> list[int]:
        """Return the rows that were read since the last call, sorted, without repetition."""
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
                raise IndexError(f"there is no row {first}") from None  # ends iteration, as for a list
            self._read_all()
        return self._images[key]

    def size(self, *dim: int) -> Any:
        """Return the size, as a tensor does."""
        return self._images.size(*dim)

    def reshape(self, *shape: Any) -> Any:
        """Return a view, which reads nothing as long as the first dimension stays."""
        return self._view(self._images.reshape(*shape))

    def flatten(self, *dims: int) -> Any:
        """Return a view, which reads nothing as long as the first dimension stays."""
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
