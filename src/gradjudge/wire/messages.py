"""What may be said across the trust line.

The trusted side asks, the session answers; there is no message by which a session can ask for anything.

A *value* in these messages is one of: None, bool, int (64 bit), float, str, bytes, list, tuple, dict (str or int keys)
of values, a plain dense ``torch.Tensor``, or a `Handle` for whatever else the session holds.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

Value = Any


class Handle(msgspec.Struct, frozen=True):
    """Name an object that stays in the session.

    Attributes:
        id: number in the session's table, at least 1.
        kind: ``"function"`` (a ``torch.autograd.Function`` subclass), ``"class"``, ``"callable"``, ``"module"``
            (an ``nn.Module`` instance) or ``"object"``.
    """

    id: int
    kind: str


class Ref(msgspec.Struct, frozen=True):
    """Point at an object of the session: a global name, ``module:name`` or a handle's id, then attributes.

    ``Ref("MSE", ("forward",))`` is ``MSE.forward``; ``Ref("torch.optim:SGD")`` is what torch has by that name;
    ``Ref(7, ("saved_tensors",))`` is handle 7's attribute. Within `Steps`, ``Ref(-1)`` is what the first step gave,
    ``Ref(-2)`` the second, and so on; so are handles in arguments.
    """

    root: str | int
    path: tuple[str, ...] = ()


# --- what the trusted side asks -------------------------------------------------------------------------------------


class RunCell(msgspec.Struct, frozen=True, tag="run_cell"):
    """Run one cell (``mode="ipython"``) or one statement of a script (``mode="python"``) in the student's namespace.

    Attributes:
        rest: definitions in it, as (line of the cell, text). Where the cell fails, those below the line at which it
            stopped are run one by one, and what they raise is left aside.
    """

    index: int
    source: str
    mode: str
    rest: tuple[tuple[int, str], ...] = ()


class Get(msgspec.Struct, frozen=True, tag="get"):
    """Fetch what `ref` points at, as a value (handles for what has no value)."""

    ref: Ref


class Set(msgspec.Struct, frozen=True, tag="set"):
    """Set the attribute (or global name) that `ref` points at."""

    ref: Ref
    value: Value


class Call(msgspec.Struct, frozen=True, tag="call"):
    """Call `ref`. Values in `args` and `kwargs` are fresh objects in the session; handles resolve to their objects.

    Attributes:
        keep: answer with a `Handle` whatever comes back, even if it has a value.
        inference: run the call under ``torch.inference_mode``; a call that asks torch for a derivative all the same
            is answered with `Raised`.
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
    """Carry out calls in order, in one trip, with grad enabled; a later one may use what earlier ones gave.

    Attributes:
        steps: the calls. In their refs and arguments a handle or root of ``-n`` is the result of the n-th step.
        give: numbers (from 1) of the steps whose results come back, as one tuple, once all steps are done.
    """

    steps: tuple[Step, ...]
    give: tuple[int, ...]


class Pass(msgspec.Struct, frozen=True):
    """One forward of a Function and any number of backwards through it.

    Attributes:
        inputs: positional inputs of ``forward`` (without ``ctx``).
        needs: for each input, whether its gradient is asked for (``requires_grad`` through ``apply``,
            ``ctx.needs_input_grad`` when called directly).
        cotangents: sets of grad_outputs, each one backward; a set has one tensor per output.
        layouts: for each input ``"contiguous"``, ``"transposed"`` (a transposed view), ``"strided"`` (every second
            row of a larger buffer); empty means all contiguous.
        cotangent_layout: ``"contiguous"``, ``"transposed"`` or ``"expanded"`` (``torch.expand`` of one number;
            only for cotangents that are constant).
    """

    inputs: tuple[Value, ...]
    needs: tuple[bool, ...] = ()
    cotangents: tuple[tuple[Value, ...], ...] = ()
    layouts: tuple[str, ...] = ()
    cotangent_layout: str = "contiguous"


class Passes(msgspec.Struct, frozen=True, tag="passes"):
    """Run several passes of the Function at `ref` in one trip: all forwards in order, then all backwards in order.

    Attributes:
        through: ``"apply"`` (the autograd engine), ``"call"`` (the same, `ref` itself being called) or ``"direct"``
            (``forward(ctx, ...)`` and ``backward(ctx, ...)`` called by hand with a full context of the engine's own;
            ``setup_context`` style is understood).
        inference: run direct forwards and backwards under ``torch.inference_mode``; one that asks torch for a
            derivative all the same counts as raising.
        interleave: False runs forward and backward of each pass before the next pass.
    """

    ref: Ref
    passes: tuple[Pass, ...]
    through: str = "apply"
    inference: bool = False
    interleave: bool = False


class Define(msgspec.Struct, frozen=True, tag="define"):
    """Run text of the course's own in the session, and take names that it defines.

    The text is public: the student's process can read it, so it must hold no hidden value. These come later, as
    arguments. It sees none of the student's names. Its ``__file__`` lies in the session's scratch folder.

    Attributes:
        names: what is wanted of what it defines.
        source: Python text.
        instead: bind the names in the student's namespace, in the place of what is there, until `Restore`. Otherwise
            the answer is a tuple of a `Handle` for each, and the student's namespace stays as it is.
    """

    names: tuple[str, ...]
    source: str
    instead: bool = False


class Restore(msgspec.Struct, frozen=True, tag="restore"):
    """Undo every `Define` that put something in the place of the student's."""


class Drop(msgspec.Struct, frozen=True, tag="drop"):
    """Forget every handle made since the cells ran."""


Request = RunCell | Get | Set | Call | Steps | Passes | Define | Restore | Drop


# --- what the session answers ---------------------------------------------------------------------------------------


class Answer(msgspec.Struct, frozen=True, tag="answer"):
    """A value came back."""

    value: Value = None


class Raised(msgspec.Struct, frozen=True, tag="raised"):
    """The student's code raised.

    Attributes:
        type_name: name of the class, or of the nearest base that is Python's own or in `gradjudge.wire.exceptions` (a
            name of the student's own could carry hidden inputs out).
        builtin: whether that is one of Python's builtins.
        text: message and traceback, bounded; for staff only.
        place: line in the student's own code, as ``(cell index, line)``, or None.
        during: for `Passes`, ``"forward"`` or ``"backward"``; else "".
        limit: which of the session's limits it ran into, if that can be told: ``"memory"``, ``"threads"``,
            ``"descriptors"``, ``"disk"``, ``"file"``, ``"processes"`` (there are none to be had) or ``"value"`` (what
            it gave is too large to cross).
        most: the limit itself. The session does not know it, and is not believed: the asking side puts it in.
        cause: what it comes of, where Python or torch says so in known words: one of a closed list, which
            `gradjudge.judge.proxy.causes` has words for.
        name: the name that is missing, if that is the cause. It is told only if it stands on that line of the
            student's own text, or in the request.
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
    """There is no such name or attribute; `nearest` are the most similar ones that there are."""

    name: str
    nearest: tuple[str, ...] = ()


class PassResult(msgspec.Struct, frozen=True):
    """What one `Pass` gave.

    Attributes:
        outputs: output tensors of forward.
        output_is_tensor: False when forward gave a tuple.
        grads: for each cotangent set, one entry per input (tensor, other value or None), as ``backward`` returned
            them (direct) or as autograd accumulated them (apply).
        inputs_after, cotangents_after: the inputs and the cotangent sets once all is done, to see changes in place.
        grad_fns: type name of each output's ``grad_fn``, "" for none.
        raised: what went wrong, or None. What came before it is kept.
        elsewhere: for each backward, one count per input: how often the Function's own ``forward`` ran meanwhile with
            another value in that input's place.
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
        interrupted: whether it ended by the interrupt that follows its time limit.
        output: bounded text of stdout, stderr and display results, for staff.
        truncated: whether output was cut.
        magic: the cell magic that is not known here and that the cell begins with, or "".
        used_up: whether what the error says that there is no more of stays used up.
    """

    error: Raised | None = None
    interrupted: bool = False
    output: str = ""
    truncated: bool = False
    magic: str = ""
    used_up: bool = False


Reply = Answer | Raised | Missing | PassesDone | CellDone


# --- which answers which --------------------------------------------------------------------------------------------

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
"""The replies that fit each request. Another one is a fault of the protocol, like bytes that are no message."""
