"""Objects that a check puts into the session and hands to the student's functions: they stay there.

Where a value would do, hand the value over. A ``torch.Generator`` and a ``SummaryWriter`` are no values, and a tensor
crosses as a copy: to see whether a function changes what it was given, the tensor must live in the session.
"""

from __future__ import annotations

from torch import Tensor

from gradjudge.checks.recipes import Recipe
from gradjudge.proxy.line import senseless
from gradjudge.proxy.objects import CallableProxy, Held, ObjectProxy, label_of, receive, send
from gradjudge.proxy.student import Student
from gradjudge.wire.messages import Call, Get, Ref

GENERATOR = "torch:Generator"
CLONE = "torch:clone"
SUMMARY_WRITER = "torch.utils.tensorboard:SummaryWriter"


def generator(student: Student, seed: int) -> ObjectProxy:
    """Make a ``torch.Generator`` with a seed in the session."""
    made = _make(student, GENERATOR)
    CallableProxy(_held(made).at("manual_seed"))(seed)
    return made


def kept(student: Student, tensor: Tensor) -> ObjectProxy:
    """Make a copy of a tensor that stays in the session; `look` reads it."""
    return _make(student, CLONE, tensor)


def look(held: ObjectProxy) -> object:
    """Read the value that an object of the session has now."""
    seen = _held(held)
    return receive(seen.line.answer(Get(seen.ref), seen.label).value, seen.line, seen.label)


def make(student: Student, path: str, *args: object) -> ObjectProxy:
    """Make an object of a class that the session offers, ``make(student, "torch.nn:Linear", 3, 1)``; it stays there.

    Args:
        path: ``module:name``, one of those in `gradjudge.worker.table`.
        args: positional arguments; `gradjudge.checks.recipes.Recipe.make` takes keywords too.
    """
    return _make(student, path, *args)


def optimizer(student: Student, module: ObjectProxy, kind: str, **options: float) -> ObjectProxy:
    """Make ``torch.optim.KIND(module.parameters(), **options)`` in the session.

    Args:
        kind: ``"SGD"`` or ``"Adam"``.

    Raises:
        StudentRaised: the module has no parameters.
    """
    recipe = Recipe(student, label=f"{label_of(module)}.parameters")
    (made,) = recipe.run(recipe.make(f"torch.optim:{kind}", recipe.of(module).parameters(), **options))
    if not isinstance(made, ObjectProxy):
        senseless(kind, "a value where an object is due")
    return made


def summary_writer(student: Student, folder: str) -> ObjectProxy:
    """Make a ``SummaryWriter`` that writes under `folder` of the session's scratch folder; see `logs.curves`."""
    return _make(student, SUMMARY_WRITER, folder)


def _make(student: Student, path: str, *args: object) -> ObjectProxy:
    """Call something importable that the session offers, ``module:name``, and keep what comes back there."""
    label = path.rpartition(":")[2]
    call = Call(Ref(path), tuple(send(value) for value in args), keep=True)
    made = receive(student._line.answer(call, label).value, student._line, label)
    if not isinstance(made, ObjectProxy):
        senseless(label, "a value where an object is due")
    return made


def _held(proxy: ObjectProxy) -> Held:
    held: Held = object.__getattribute__(proxy, "_held")
    return held
