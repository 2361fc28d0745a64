"""The messages that cross the trust line.

The trusted side asks and the session answers; a session cannot ask for anything.

A *value* in these messages is one of: None, bool, int (64 bit), float, str, bytes, list, tuple, dict (str or int keys)
of values, a plain dense ``torch.Tensor``, or a `Handle` for anything else in the session.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

Value = Any


class Handle(msgspec.Struct, frozen=True):
    """Identify an object that stays in the session.

    Attributes:
        id: number in the session's table, at least 1.
        kind: ``"function"`` (a ``torch.autograd.Function`` subclass), ``"class"``, ``"callable"``, ``"module"``
            (an ``nn.Module`` instance) or ``"object"``.
    """

    id: int
    kind: str


class Ref(msgspec.Struct, frozen=True):
    """Refer to an object in the session: a global name, ``module:name`` or a handle's id, then attributes.

    ``Ref("MSE", ("forward",))`` is ``MSE.forward``; ``Ref("torch.optim:SGD")`` is torch's own SGD;
    ``Ref(7, ("saved_tensors",))`` is an attribute of handle 7. Within `Steps`, ``Ref(-1)`` is the result of the first
    step, ``Ref(-2)`` of the second, and so on; likewise handles in arguments.
    """

    root: str | int
    path: tuple[str, ...] = ()


# --- requests -------------------------------------------------------------------------------------------------------


class RunCell(msgspec.Struct, frozen=True, tag="run_cell"):
    """Run one cell (``mode="ipython"``) or one statement of a script (``mode="python"``) in the student's namespace.

    Attributes:
        rest: definitions in it, as (line of the cell, text). If the cell fails, those below the failing line are run
            one by one, and their exceptions ignored.
    """

    index: int
    source: str
    mode: str
    rest: tuple[tuple[int, str], ...] = ()


class Get(msgspec.Struct, frozen=True, tag="get"):
    """Fetch `ref` as a value, with handles for what has no value."""

    ref: Ref


class Set(msgspec.Struct, frozen=True, tag="set"):
    """Set the attribute or global name `ref`."""

    ref: Ref
    value: Value


class Call(msgspec.Struct, frozen=True, tag="call"):
    """Call `ref`. Values in `args` and `kwargs` become fresh objects in the session; handles resolve to their objects.

    Attributes:
        keep: always answer with a `Handle`, even for a result that has a value.
        inference: run the call under ``torch.inference_mode``; if it asks torch for a derivative anyway, the answer is
            `Raised`.
    """

    ref: Ref
    args: tuple[Value, ...] = ()
    kwargs: dict[str, Value] = {}
    keep: bool = False
    inference: bool = False


class Step(msgspec.Struct, frozen=True):
    """Call `ref` as one of several `Steps`. The result stays in the session."""

    ref: Ref
    args: tuple[Value, ...] = ()
    kwargs: dict[str, Value] = {}


class Steps(msgspec.Struct, frozen=True, tag="steps"):
    """Make calls in order, in one round trip, with grad enabled; later ones may use the results of earlier ones.

    Attributes:
        steps: the calls. In their refs and arguments a handle or root of ``-n`` is the result of the n-th step.
        give: numbers (from 1) of the steps whose results come back, as one tuple, read after the last step.
    """

    steps: tuple[Step, ...]
    give: tuple[int, ...]


class Pass(msgspec.Struct, frozen=True):
    """One forward of a Function and any number of backwards through it.

    Attributes:
        inputs: positional inputs of ``forward`` (without ``ctx``).
        needs: for each input, whether its gradient is wanted (``requires_grad`` through ``apply``,
            ``ctx.needs_input_grad`` when called directly); empty means all.
        cotangents: sets of grad_outputs, one backward each; a set has one tensor per output.
        layouts: for each input ``"contiguous"``, ``"transposed"`` (a transposed view) or ``"strided"`` (every second
            row of a larger buffer); empty means all contiguous.
        cotangent_layout: ``"contiguous"``, ``"transposed"`` or ``"expanded"`` (``torch.expand`` of one number;
            only for constant cotangents).
    """

    inputs: tuple[Value, ...]
    needs: tuple[bool, ...] = ()
    cotangents: tuple[tuple[Value, ...], ...] = ()
    layouts: tuple[str, ...] = ()
    cotangent_layout: str = "contiguous"


class Passes(msgspec.Struct, frozen=True, tag="passes"):
    """Run several passes of the Function `ref` in one round trip.

    Attributes:
        through: ``"apply"`` (the autograd engine), ``"call"`` (the same, but `ref` itself is called) or ``"direct"``
            (``forward(ctx, ...)`` and ``backward(ctx, ...)`` called by hand with a context like the engine's;
            ``setup_context`` is supported).
        inference: run direct forwards and backwards under ``torch.inference_mode``; one that asks torch for a
            derivative anyway counts as raising.
        interleave: run all forwards in order, then all backwards, instead of each pass by itself.
    """

    ref: Ref
    passes: tuple[Pass, ...]
    through: str = "apply"
    inference: bool = False
    interleave: bool = False


class Define(msgspec.Struct, frozen=True, tag="define"):
    """Run the course's own source in the session and take names that it defines.

    The source is public: the student's process can read it, so it must hold no hidden value. Those come later, as
    arguments. It sees none of the student's names. Its ``__file__`` is in the session's scratch folder.

    Attributes:
        names: the names to take.
        source: Python source.
        instead: bind the names in the student's namespace until `Restore`. Otherwise the student's namespace is
            unchanged and the answer is a tuple with a `Handle` for each.
    """

    names: tuple[str, ...]
    source: str
    instead: bool = False


class Restore(msgspec.Struct, frozen=True, tag="restore"):
    """Undo every `Define` with `instead`."""


class Drop(msgspec.Struct, frozen=True, tag="drop"):
    """Forget all handles."""


Request = RunCell | Get | Set | Call | Steps | Passes | Define | Restore | Drop


# --- replies --------------------------------------------------------------------------------------------------------


class Answer(msgspec.Struct, frozen=True, tag="answer"):
    """The result, as a value."""

    value: Value = None


class Raised(msgspec.Struct, frozen=True, tag="raised"):
    """The student's code raised.

    Attributes:
        type_name: name of the class, or of its nearest base that is a builtin or in `gradjudge.wire.exceptions` (a
            name chosen by the student could carry hidden inputs out).
        builtin: whether that is one of Python's builtins.
        text: message and traceback, bounded; for staff only.
        place: line in the student's own code, as ``(cell index, line)``, or None.
        during: for `Passes`, ``"forward"`` or ``"backward"``; else "".
        limit: the session's limit that was hit, if known: ``"memory"``, ``"threads"``, ``"descriptors"``, ``"disk"``,
            ``"file"``, ``"processes"`` (none are allowed) or ``"value"`` (the result is too large to cross).
        most: the limit itself, filled in by the trusted side: the session is not believed.
        cause: one of a closed list of causes, recognised by the wording of Python's and torch's messages;
            `gradjudge.judge.proxy.causes` has the sentence for each.
        name: the missing name, if that is the cause. The student is told it only if it is in that statement of their
            own source, or in the request.
    """

    type_name: str
    builtin: bool
    text: str
    place: tuple[int, int] | None = None
    during: str = ""
    limit: str = ""
    most: int = 0
    cause: str = ""
    name: str = ""


class Missing(msgspec.Struct, frozen=True, tag="missing"):
    """There is no such name or attribute; `nearest` has the most similar ones."""

    name: str
    nearest: tuple[str, ...] = ()


class PassResult(msgspec.Struct, frozen=True):
    """The results of one `Pass`.

    Attributes:
        outputs: outputs of forward.
        output_is_tensor: False if forward returned a tuple or list.
        grads: for each cotangent set, one entry per input (tensor, other value or None), as ``backward`` returned
            them (direct) or as autograd accumulated them (apply, call).
        inputs_after, cotangents_after: the inputs and the cotangent sets at the end, which show changes in place.
        grad_fns: type name of each output's ``grad_fn``, "" for none.
        raised: the exception that ended the pass, or None. Earlier results are kept.
        elsewhere: for each backward, one count per input: how often it ran the Function's ``forward`` with another
            value for that input.
    """

    outputs: tuple[Value, ...] = ()
    output_is_tensor: bool = True
    grads: tuple[tuple[Value, ...], ...] = ()
    inputs_after: tuple[Value, ...] = ()
    cotangents_after: tuple[tuple[Value, ...], ...] = ()
    grad_fns: tuple[str, ...] = ()
    raised: Raised | None = None
    elsewhere: tuple[tuple[int, ...], ...] = ()


class PassesDone(msgspec.Struct, frozen=True, tag="passes_done"):
    """One result per pass."""

    results: tuple[PassResult, ...]


class CellDone(msgspec.Struct, frozen=True, tag="cell_done"):
    """A cell ended.

    Attributes:
        error: what it raised, or None.
        interrupted: whether it was interrupted at its time limit.
        output: stdout, stderr and display results, bounded; for staff.
        truncated: whether output was cut.
        magic: the unknown cell magic that the cell begins with, or "".
        used_up: whether the resource named by ``error.limit`` is still exhausted.
    """

    error: Raised | None = None
    interrupted: bool = False
    output: str = ""
    truncated: bool = False
    magic: str = ""
    used_up: bool = False


Reply = Answer | Raised | Missing | PassesDone | CellDone


# --- replies by request ---------------------------------------------------------------------------------------------

_SAID = (Answer, Raised)
_FOUND = (Answer, Missing, Raised)

FITTING: Final[dict[type[Request], tuple[type[Reply], ...]]] = {
    RunCell: (CellDone,),
    Get: _FOUND,
    Set: _FOUND,
    Call: _FOUND,
    Steps: _FOUND,
    Passes: (PassesDone, Missing, Raised),
    Define: _SAID,
    Restore: _SAID,
    Drop: _SAID,
}
"""The replies that fit each request; any other is a protocol error."""
