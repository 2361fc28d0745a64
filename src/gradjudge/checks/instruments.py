"""Objects that a check creates in the session and passes to the student's functions.

Pass values where they suffice. A ``torch.Generator`` or a ``SummaryWriter`` is not a value, and a tensor crosses as a
copy: to see whether a function changes its argument, the tensor must live in the session.
"""

from __future__ import annotations

from torch import Tensor

from gradjudge.checks.recipes import Recipe
from gradjudge.judge.proxy.line import senseless
from gradjudge.judge.proxy.objects import CallableProxy, ObjectProxy, RemoteObject, label_of, receive, send
from gradjudge.judge.proxy.student import Student
from gradjudge.wire.messages import Call, Define, Get, Ref


def generator(student: Student, seed: int) -> ObjectProxy:
    """Create a seeded ``torch.Generator`` in the session."""
    made = make(student, "torch:Generator")
    CallableProxy(_held(made).at("manual_seed"))(seed)
    return made


def kept(student: Student, tensor: Tensor) -> ObjectProxy:
    """Copy a tensor into the session, where it stays; `look` reads it."""
    return make(student, "torch:clone", tensor)


def look(held: ObjectProxy) -> object:
    """Return the current value of an object of the session."""
    seen = _held(held)
    return receive(seen.line.answer(Get(seen.ref), seen.label).value, seen.line, seen.label)


def define(student: Student, source: str, *names: str, label: str = "") -> tuple[CallableProxy, ...]:
    """Define functions and classes of the course in the session, from source text; they last as long as the check.

    None of the student's names is touched. The student's process can read the text: pass hidden values as arguments.

    Args:
        source: Python source, usually of a file beside the test. Its ``__file__`` lies in the session's scratch folder.
        names: the definitions to return.
        label: what the student reads if something in it raises; the first name by default.
    """
    label = label or names[0]
    made = receive(student._line.answer(Define(names, source), label).value, student._line, label)
    if not isinstance(made, tuple) or len(made) != len(names) or not all(isinstance(m, CallableProxy) for m in made):
        senseless(label, "not one function or class for each name")
    return made


def make(student: Student, what: str | CallableProxy, *args: object) -> ObjectProxy:
    """Construct an object that stays in the session: ``make(student, "torch.nn:Linear", 3, 1)``.

    Args:
        what: ``module:name`` of a class or function that can be imported there, or what `define` returned.
        args: positional arguments; `gradjudge.checks.recipes.Recipe.make` takes keywords too.
    """
    at = (
        what._held
        if isinstance(what, CallableProxy)
        else RemoteObject(student._line, Ref(what), what.rpartition(":")[2])
    )
    call = Call(at.ref, tuple(send(value) for value in args), keep=True)
    made = receive(at.line.answer(call, at.label).value, at.line, at.label)
    if not isinstance(made, ObjectProxy):
        senseless(at.label, "a value where an object is due")
    return made


def optimizer(student: Student, module: ObjectProxy, kind: str, **options: float) -> ObjectProxy:
    """Create ``torch.optim.KIND(module.parameters(), **options)`` in the session.

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
    """Create a ``SummaryWriter`` for `folder`, in the session's scratch folder; see `logs.curves`."""
    return make(student, "torch.utils.tensorboard:SummaryWriter", folder)


def _held(proxy: ObjectProxy) -> RemoteObject:
    held: RemoteObject = object.__getattribute__(proxy, "_held")
    return held
