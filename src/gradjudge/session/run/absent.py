"""Modules that notebooks import and this installation lacks.

Such an import must not fail the whole cell. Modules that only show progress or text work without effect; the others can
be imported, named and subclassed, and raise when called. An import that the student guards with ``try`` still raises
ImportError: their own fallback is better than ours. So does a library's import, as libraries probe for what is
installed, and a name on none of the lists, which may be misspelt or a file that was not handed in.
"""

from __future__ import annotations

import ast
import importlib.abc
import importlib.machinery
import linecache
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any, Final, NoReturn

INERT: Final = (
    *("torchvision", "torchaudio", "torchtext", "torchmetrics", "datamaestro", "datamaestro_text", "master_dac"),
    *("tensorflow", "keras", "jax", "pandas", "scipy", "sklearn", "skimage", "cv2", "PIL", "nltk", "gensim", "spacy"),
    *("einops", "requests", "pytorch_lightning", "lightning", "transformers", "datasets", "gym", "gymnasium"),
    *("google.colab", "gdown", "kaggle", "h5py", "networkx", "statsmodels", "plotly", "bokeh", "graphviz", "torchviz"),
)
"""Modules whose objects raise when called."""

SILENT: Final = (
    *("seaborn", "wandb", "torchinfo", "torchsummary", "dotenv", "colorama", "livelossplot", "google.colab.drive"),
    *("pretty_errors", "watermark"),
)
"""Modules for drawing, printing or reporting: calls do nothing."""


def _nothing(*_: object, **__: object) -> None: ...


def _colored(text: object, *_: object, **__: object) -> str:
    return str(text)


def _decorator(function: Any = None, *_: object, **__: object) -> Any:
    """Return the decorated function unchanged, for ``@jit`` and ``@jit(nopython=True)`` alike."""
    return function if callable(function) else lambda decorated: decorated


class _IceCream:
    """Return the arguments, as icecream's ``ic`` does, without printing."""

    def __call__(self, *items: Any) -> Any:
        return items[0] if len(items) == 1 else items or None

    def __getattr__(self, name: str) -> Callable[..., None]:
        if name.startswith("__"):
            raise AttributeError(name)
        return _nothing


class _Progress:
    """Iterate, as tqdm does, without showing anything."""

    def __init__(self, iterable: Any = None, *_: Any, total: Any = None, **__: Any) -> None:
        self.iterable = iterable
        self.total = len(iterable) if total is None and hasattr(iterable, "__len__") else total
        self.n = 0
        self.desc = ""
        self.disable = True

    def __iter__(self) -> Iterator[Any]:
        for item in self.iterable:
            yield item
            self.n += 1

    def __len__(self) -> int:
        return int(self.total or 0)

    def __enter__(self) -> _Progress:
        return self

    def __exit__(self, *_: object) -> None: ...

    def update(self, n: float = 1) -> None:
        """Count."""
        self.n += int(n)

    @staticmethod
    def write(text: object, *_: object, **__: object) -> None:
        """Print `text`."""
        print(text)

    def __getattr__(self, name: str) -> Callable[..., None]:
        if name.startswith("__"):
            raise AttributeError(name)
        return _nothing


def _trange(*args: int, **_: Any) -> _Progress:
    return _Progress(range(*args))


_TQDM: Final[dict[str, Any]] = {"tqdm": _Progress, "trange": _trange, "tqdm_notebook": _Progress, "tnrange": _trange}
_PASSING: Final[dict[str, dict[str, Any]]] = {
    "tqdm": _TQDM,
    "tqdm.auto": _TQDM,
    "tqdm.autonotebook": _TQDM,
    "tqdm.notebook": _TQDM,
    "tqdm.std": _TQDM,
    "numba": {"jit": _decorator, "njit": _decorator, "prange": range},
    "beartype": {"beartype": _decorator},
    "typeguard": {"typechecked": _decorator},
    "memory_profiler": {"profile": _decorator},
    "line_profiler": {"profile": _decorator},
    "icecream": {"ic": _IceCream(), "install": _nothing},
    "termcolor": {"colored": _colored, "cprint": lambda text, *_, **__: print(text)},
}
"""Modules that work, in the simplest way."""


class _Inert:
    """Stand for an object of an absent module."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> _Inert:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Inert(f"{self._name}.{name}")

    def __call__(self, *_: object, **__: object) -> _Inert:
        if not _is_under(self._name, SILENT):
            _refuse(self._name)
        return self

    def __mro_entries__(self, _bases: tuple[object, ...]) -> tuple[type, ...]:
        name = self._name
        return (type("Absent", (), {"__new__": lambda *_, **__: _refuse(name)}),)

    def __enter__(self) -> _Inert:
        return self

    def __exit__(self, *_: object) -> None: ...

    def __repr__(self) -> str:
        return f"<{self._name}: not installed here>"


def _refuse(name: str) -> NoReturn:
    module = next(root for root in INERT if _is_under(name, (root,)))
    raise ModuleNotFoundError(f"No module named {module!r} ({name} was called)", name=module)


class _InertModule(ModuleType):
    """Stand for an absent module."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Inert(f"{self.__name__}.{name}")


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Find modules that no other finder has found; must be last on ``sys.meta_path``."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        del path, target
        if fullname not in _PASSING and not _is_listed(fullname):
            return None
        importer = _importer(sys._getframe(1))
        if importer is None or (fullname not in _PASSING and _is_guarded(importer)):
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        if spec.name in _PASSING:
            return ModuleType(spec.name)
        return _InertModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        vars(module).update(_PASSING.get(module.__name__, {}))


def install() -> None:
    """Make absent modules importable, for the rest of this process."""
    sys.meta_path.append(_Finder())


def _is_listed(fullname: str) -> bool:
    """Tell whether a module is on a list, or within an inert one."""
    parent = sys.modules.get(fullname.rpartition(".")[0])
    return fullname in INERT or fullname in SILENT or type(parent) is _InertModule


def _is_under(name: str, roots: Sequence[str]) -> bool:
    return any(name == root or name.startswith(f"{root}.") for root in roots)


def _importer(frame: FrameType | None) -> FrameType | None:
    """Return the importing frame if it is the student's; None for a library's, or for ``importlib.util.find_spec``."""
    while frame is not None and "importlib" in frame.f_code.co_filename:
        if frame.f_globals.get("__name__") == "importlib.util":
            return None
        frame = frame.f_back
    if frame is None or frame.f_globals.get("__name__") in ("__main__", "submission"):
        return frame
    return frame if Path(frame.f_code.co_filename).parent == Path.cwd() else None


def _is_guarded(frame: FrameType) -> bool:
    """Tell whether the current import is inside a ``try`` with handlers."""
    source = "".join(linecache.getlines(frame.f_code.co_filename, frame.f_globals))
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return False
    return any(_covers(node, frame.f_lineno) for node in ast.walk(tree) if isinstance(node, ast.Try))


def _covers(node: ast.Try, line: int) -> bool:
    last = node.body[-1].end_lineno or node.body[-1].lineno
    return bool(node.handlers) and node.body[0].lineno <= line <= last
