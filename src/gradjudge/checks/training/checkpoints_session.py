"""Source for the session: states that cannot be saved. The student's process can read all of it."""

from __future__ import annotations

from typing import Any, NoReturn

import torch


class Unpicklable:
    """An object that cannot be saved: writing it fails, as writing to a full disk does."""

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise OSError(28, "No space left on device (pretended by the check)")


def spoil(module: torch.nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """Put an `Unpicklable` at the ends of the states of a module and of an optimiser."""
    module.register_state_dict_post_hook(_spoil_state)  # type: ignore[no-untyped-call]
    vars(module)["note"] = Unpicklable()  # in case the module is pickled as a whole
    optimizer.param_groups[-1]["note"] = Unpicklable()


def _spoil_state(_module: object, state: dict[str, Any], *_rest: object) -> None:
    state["note"] = Unpicklable()
