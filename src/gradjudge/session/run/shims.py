"""Make honest code work, or do nothing, without display, network and processes."""

from __future__ import annotations

import functools
import importlib
import inspect
import itertools
import sys
import types
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from gradjudge.session.run import absent

_NO_WORKERS = {"num_workers": 0, "timeout": 0, "multiprocessing_context": None, "worker_init_fn": None}
_WORKER_OPTIONS = ("prefetch_factor", "persistent_workers")


def install() -> None:
    """Install every shim, for the rest of this process."""
    absent.install()
    _quiet_matplotlib()
    _keep_one_thread()
    _load_in_this_process()
    _fail_downloads_at_once()
    _disable_compile()
    _backport_names()


def _quiet_matplotlib() -> None:
    """Draw into memory with any requested backend; show nothing."""
    matplotlib = _module("matplotlib")
    pyplot = _module("matplotlib.pyplot")
    if matplotlib is None or pyplot is None:
        return
    pyplot.switch_backend("Agg")
    matplotlib.use = pyplot.switch_backend = pyplot.show = _do_nothing
    pyplot.pause = _do_nothing
    pyplot.style.use = _without_unknown_styles(pyplot.style.use)


def _without_unknown_styles(use: Callable[[Any], None]) -> Callable[[Any], None]:
    """Ignore styles of other matplotlib versions or machines."""

    @functools.wraps(use)
    def lenient(style: Any) -> None:
        try:
            use(style)
        except OSError:
            print(f"[not here: the style {style}]")

    return lenient


def _keep_one_thread() -> None:
    """Fix torch's thread count at one: results differ between one and two threads."""
    import torch

    torch.set_num_threads(1)
    torch.set_num_threads = torch.set_num_interop_threads = _do_nothing


def _load_in_this_process() -> None:
    """Have DataLoader ignore its worker options: a session starts no processes."""
    from torch.utils.data import DataLoader

    original = DataLoader.__init__
    signature = inspect.signature(original)

    @functools.wraps(original)
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        bound = signature.bind(self, *args, **kwargs)
        for name in _WORKER_OPTIONS:
            bound.arguments.pop(name, None)
        bound.arguments.update({name: value for name, value in _NO_WORKERS.items() if name in bound.arguments})
        bound.arguments.pop("pin_memory", None)
        original(*bound.args, **bound.kwargs)

    DataLoader.__init__ = init  # type: ignore[method-assign]


def _fail_downloads_at_once() -> None:
    """Have scikit-learn's downloads fail at once: it sleeps between its three tries."""
    for name in ("sklearn.datasets._base", "sklearn.datasets._openml"):
        module = sys.modules.get(name)
        clock = getattr(module, "time", None)
        if module is not None and isinstance(clock, types.ModuleType):
            sleepless = types.ModuleType("time")
            vars(sleepless).update(vars(clock), sleep=_do_nothing)
            module.time = sleepless  # type: ignore[attr-defined]


def _disable_compile() -> None:
    """Have ``torch.compile`` return its argument: it only makes code faster, and would start a compiler."""
    import torch

    def compile_(model: Any = None, **_options: Any) -> Any:
        return (lambda decorated: decorated) if model is None else model

    torch.compile = compile_
    torch.nn.Module.compile = _do_nothing  # type: ignore[method-assign]
    setattr(torch.nn.Module, "_orig_mod", _Original())  # noqa: B010  # torch does not declare it


class _Original:
    """Stand for ``compiled._orig_mod``, the module before compilation: the same one here."""

    def __get__(self, module: Any, _owner: type) -> Any:
        if module is None:
            raise AttributeError("_orig_mod")
        return vars(module).get("_modules", {}).get("_orig_mod", module)


def _backport_names() -> None:
    """Add names of newer standard libraries where students with a newer Python import them from."""
    import collections.abc
    import math
    import typing
    import warnings

    import typing_extensions

    for name in set(typing_extensions.__all__) - {"TypeAliasType"}:  # typing_extensions tests for it to detect 3.12
        _add(typing, name, getattr(typing_extensions, name))
    _add(collections.abc, "Buffer", typing_extensions.Buffer)
    _add(warnings, "deprecated", typing_extensions.deprecated)
    _add(itertools, "batched", _batched)
    _add(math, "sumprod", _sumprod)


def _add(module: types.ModuleType, name: str, item: Any) -> None:
    if not hasattr(module, name):
        setattr(module, name, item)


def _batched(iterable: Iterable[Any], n: int, *, strict: bool = False) -> Iterator[tuple[Any, ...]]:
    """Backport of ``itertools.batched`` (Python 3.12)."""
    if n < 1:
        raise ValueError("n must be at least one")
    items = iter(iterable)
    while batch := tuple(itertools.islice(items, n)):
        if strict and len(batch) < n:
            raise ValueError("batched(): incomplete batch")
        yield batch


def _sumprod(p: Iterable[Any], q: Iterable[Any], /) -> Any:
    """Backport of ``math.sumprod`` (Python 3.12)."""
    return sum((x * y for x, y in zip(p, q, strict=True)), 0)


def _module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def _do_nothing(*_: object, **__: object) -> None:
    """Accept any arguments."""
