"""Make what honest submissions do elsewhere work, or do nothing, in a session: no display, no network, no processes."""

from __future__ import annotations

import functools
import importlib
import inspect
import sys
import types
from typing import Any

from gradjudge.worker import absent

_NO_WORKERS = {"num_workers": 0, "timeout": 0, "multiprocessing_context": None, "worker_init_fn": None}
_OF_WORKERS = ("prefetch_factor", "persistent_workers")


def install() -> None:
    """Put every shim in place, for the rest of this process."""
    absent.install()
    _quiet_matplotlib()
    _keep_one_thread()
    _load_in_this_process()
    _stop_waiting_for_the_network()


def _quiet_matplotlib() -> None:
    """Draw into memory whatever backend is asked for; show nothing."""
    matplotlib = _module("matplotlib")
    pyplot = _module("matplotlib.pyplot")
    if matplotlib is None or pyplot is None:
        return
    pyplot.switch_backend("Agg")
    matplotlib.use = pyplot.switch_backend = pyplot.show = _do_nothing
    pyplot.pause = _do_nothing


def _keep_one_thread() -> None:
    """Let torch's thread count stay at one: results differ between one and two threads."""
    import torch

    torch.set_num_threads(1)
    torch.set_num_threads = torch.set_num_interop_threads = _do_nothing


def _load_in_this_process() -> None:
    """Give DataLoader no workers, whatever it is asked for: a session starts no processes."""
    from torch.utils.data import DataLoader

    original = DataLoader.__init__
    signature = inspect.signature(original)

    @functools.wraps(original)
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        bound = signature.bind(self, *args, **kwargs)
        for name in _OF_WORKERS:
            bound.arguments.pop(name, None)
        bound.arguments.update({name: value for name, value in _NO_WORKERS.items() if name in bound.arguments})
        bound.arguments.pop("pin_memory", None)
        original(*bound.args, **bound.kwargs)

    DataLoader.__init__ = init  # type: ignore[method-assign]


def _stop_waiting_for_the_network() -> None:
    """Let scikit-learn's downloads fail at once: between its three tries it sleeps."""
    for name in ("sklearn.datasets._base", "sklearn.datasets._openml"):
        module = sys.modules.get(name)
        clock = getattr(module, "time", None)
        if module is not None and isinstance(clock, types.ModuleType):
            patient = types.ModuleType("time")
            vars(patient).update(vars(clock), sleep=_do_nothing)
            module.time = patient  # type: ignore[attr-defined]


def _module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def _do_nothing(*_: object, **__: object) -> None:
    """Accept everything."""
