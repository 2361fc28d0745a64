"""Run forwards and backwards of a student's Function, through the autograd engine or by hand."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Final, NamedTuple

import torch
from torch.autograd.function import _SingleLevelFunction
from torch.utils.hooks import RemovableHandle

from gradjudge.session.answer import failures
from gradjudge.session.answer.derivative_watch import AutogradUsedError, DerivativeWatch
from gradjudge.session.answer.plain import Reader, grad_fn_name, requires_grad
from gradjudge.wire.limits import TooLargeError
from gradjudge.wire.messages import Pass, Passes, PassesDone, PassResult, Raised, Value

Thaw = Callable[[Value], Any]
"""Makes a fresh object of a value; handles become their objects."""

_Forward = Callable[["_PassRun"], Any]
_Backward = Callable[["_PassRun", list[Any]], tuple[Any, ...]]


class DirectContext:
    """Stand for the engine's ``ctx`` where forward and backward are called by hand.

    It has every public attribute of torch's context; those that describe the graph are empty.
    """

    def __init__(self, needs: tuple[bool, ...], function: Any = None) -> None:
        self.needs_input_grad = needs
        self.requires_grad = any(needs)
        self.to_save: tuple[torch.Tensor | None, ...] = ()
        self.saved_for_forward: tuple[torch.Tensor | None, ...] | None = None
        self.dirty_tensors: tuple[torch.Tensor, ...] | None = None
        self.non_differentiable: tuple[torch.Tensor, ...] | None = None
        self.materialize_grads = True
        self.next_functions = tuple((None, 0) for _ in needs)
        self.metadata: dict[Any, Any] = {}
        self._forward_cls = function

    def save_for_backward(self, *tensors: torch.Tensor | None) -> None:
        """Keep tensors for backward."""
        self.to_save = tensors

    @property
    def saved_tensors(self) -> tuple[torch.Tensor | None, ...]:
        """The saved tensors."""
        return self.to_save

    saved_variables = saved_tensors

    def set_materialize_grads(self, value: bool) -> None:
        """Say whether backward gets zeros, rather than None, for outputs without a cotangent."""
        self.materialize_grads = value

    def mark_dirty(self, *tensors: torch.Tensor) -> None:
        """Note the inputs that forward changes in place."""
        self.dirty_tensors = tensors

    def mark_non_differentiable(self, *tensors: torch.Tensor) -> None:
        """Note the outputs without a gradient."""
        self.non_differentiable = tensors

    def save_for_forward(self, *tensors: torch.Tensor | None) -> None:
        """Note tensors for forward-mode differentiation, which is never used."""
        self.saved_for_forward = tensors

    def mark_shared_storage(self, *pairs: Any) -> None:
        """Do nothing, as torch itself does."""

    def maybe_clear_saved_tensors(self) -> None:
        """Keep the saved tensors: backward may be called again."""

    def name(self) -> str:
        """Return the name that the graph's node would have."""
        return f"{getattr(self._forward_cls, '__name__', 'Function')}Backward"

    def register_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Accept an engine hook, which is never called."""
        return RemovableHandle({id(hook): hook})

    register_prehook = register_hook

    def apply(self, *cotangents: Any) -> Any:
        """Call ``backward``, as the graph's node does."""
        return self._forward_cls.backward(self, *cotangents)

    def apply_boxed(self, cotangents: list[Any]) -> Any:
        """Call ``backward`` with the items of a list, which is emptied."""
        taken = tuple(cotangents)
        cotangents.clear()
        return self.apply(*taken)

    def apply_jvp(self, *tangents: Any) -> Any:
        """Call ``jvp``."""
        return self._forward_cls.jvp(self, *tangents)


class _Outputs(NamedTuple):
    """The results of one forward: all `items`, and the `tensors` among them."""

    items: tuple[Any, ...]
    is_tuple: bool

    @property
    def tensors(self) -> list[torch.Tensor]:
        return [item for item in self.items if issubclass(type(item), torch.Tensor)]


class _PassRun:
    """One pass under way, with its results so far.

    Attributes:
        inputs: leaves and values.
        given: what forward gets: copies of the leaves if it changes them in place.
    """

    def __init__(
        self, function: Any, asked: Pass, thaw: Thaw, read: Callable[[], Reader], *, inference: bool = False
    ) -> None:
        needs = asked.needs or tuple(True for _ in asked.inputs)
        layouts = asked.layouts or tuple("contiguous" for _ in asked.inputs)
        self.function = function
        self.needs = needs
        self.inputs = [
            _leaf(_laid_out(thaw(value), layout), need)
            for value, need, layout in zip(asked.inputs, needs, layouts, strict=True)
        ]
        self.given = self.inputs
        self.cotangents = [
            [_laid_out(thaw(value), asked.cotangent_layout) for value in one] for one in asked.cotangents
        ]
        self.outputs = _Outputs((), False)
        self.context = DirectContext(needs, function)
        self._read = read
        self._inference = inference
        self._given: tuple[Value, ...] = ()
        self._grads: list[tuple[Value, ...]] = []
        self._elsewhere: list[tuple[int, ...]] = []
        self._grad_fns: tuple[str, ...] = ()
        self._raised: Raised | None = None

    def mode(self) -> AbstractContextManager[Any]:
        """Return the grad mode of a direct call."""
        return torch.inference_mode() if self._inference else torch.no_grad()

    def forward(self, call: _Forward) -> None:
        """Run forward, unless the pass has failed; record what it raises."""
        self._attempt("forward", functools.partial(self._forward, call))

    def backward(self, call: _Backward) -> None:
        """Run one backward per cotangent set, unless the pass has failed; record what one raises."""
        for one in self.cotangents:
            self._attempt("backward", functools.partial(self._backward, call, one))

    def result(self) -> PassResult:
        """Return the results, with the inputs and cotangents as they are now."""
        return PassResult(
            outputs=self._given,
            output_is_tensor=not self.outputs.is_tuple,
            grads=tuple(self._grads),
            inputs_after=self._snapshot(tuple(self.given)),
            cotangents_after=tuple(self._snapshot(tuple(one)) for one in self.cotangents),
            grad_fns=self._grad_fns,
            raised=self._raised,
            elsewhere=tuple(self._elsewhere),
        )

    def _forward(self, call: _Forward) -> None:
        given, _ = self._watched(lambda: call(self))
        is_tuple = issubclass(type(given), tuple | list)
        self.outputs = _Outputs(tuple(given) if is_tuple else (given,), is_tuple)
        self._given = self._snapshot(self.outputs.items)
        self._grad_fns = tuple(grad_fn_name(t) if issubclass(type(t), torch.Tensor) else "" for t in self.outputs.items)

    def _backward(self, call: _Backward, cotangents: list[Any]) -> None:
        given, elsewhere = self._watched(lambda: call(self, cotangents))
        self._grads.append(self._snapshot(given))
        self._elsewhere.append(elsewhere)

    def _watched(self, step: Callable[[], Any]) -> tuple[Any, tuple[int, ...]]:
        """Run one step and count how often it ran forward at other points."""
        skip = 0 if _sets_up(self.function) else 1
        with DerivativeWatch(
            getattr(self.function, "forward", None), self.inputs, skip, kernels=self._inference
        ) as watch:
            given = step()
        if self._inference and (watch.autograd or watch.graphs):
            raise AutogradUsedError
        return given, tuple(watch.elsewhere)

    def _attempt(self, during: str, step: Callable[[], None]) -> None:
        if self._raised is not None:
            return
        try:
            step()
        except MemoryError:
            raise
        except TooLargeError as error:
            self._raised = Raised("ValueError", True, f"the value is too large: {error}", None, during, "value")
        except BaseException as error:  # noqa: BLE001  # the student's code may raise SystemExit
            self._raised = failures.raised(error, during)

    def _snapshot(self, items: tuple[Any, ...]) -> tuple[Value, ...]:
        """Copy values now: the student's code may reuse a buffer."""
        read = self._read()
        return tuple(_copied(read.value(item)) for item in items)


def run_passes(asked: Passes, function: Any, thaw: Thaw, read: Callable[[], Reader]) -> PassesDone:
    """Run passes on `function`; one that raises does not stop the others.

    Args:
        asked: which passes, and how.
        function: the object that `asked.ref` points at.
        thaw: makes fresh objects of values.
        read: makes a reader for the results.
    """
    forward = _FORWARDS.get(asked.through, _apply)
    backward: _Backward = _backward_directly if asked.through == "direct" else _autograd
    inference = asked.inference and asked.through == "direct"
    runs = [_PassRun(function, one, thaw, read, inference=inference) for one in asked.passes]
    for run in runs:
        run.forward(forward)
        if not asked.interleave:
            run.backward(backward)
    if asked.interleave:
        for run in runs:
            run.backward(backward)
    return PassesDone(tuple(run.result() for run in runs))


def _call(run: _PassRun) -> Any:
    with torch.enable_grad():
        return run.function(*run.inputs)


def _apply(run: _PassRun) -> Any:
    apply = run.function.apply
    with torch.enable_grad():
        try:
            return apply(*run.inputs)
        except RuntimeError as error:
            if "in-place" not in str(error):
                raise
            # mark_dirty: torch refuses in-place changes of a leaf, not of an intermediate result as in a network
            run.given = [_non_leaf(x) if _is_leaf(x) else x for x in run.inputs]
            return apply(*run.given)


def _non_leaf(leaf: torch.Tensor) -> torch.Tensor:
    """Return a differentiable copy of a leaf, with the same layout."""
    return torch.empty_strided(leaf.shape, leaf.stride(), dtype=leaf.dtype, device=leaf.device).copy_(leaf)


def _autograd(run: _PassRun, cotangents: list[Any]) -> tuple[Any, ...]:
    outputs = run.outputs.tensors
    fitted = [_fitted(c, output) for c, output in zip(cotangents, outputs, strict=False)]
    fitted += cotangents[len(fitted) :]
    gradients = iter(_pull_back(outputs, [x for x in run.inputs if _is_leaf(x)], fitted))
    return tuple(next(gradients) if _is_leaf(x) else None for x in run.inputs)


def _fitted(cotangent: Any, output: torch.Tensor) -> Any:
    """Fit a cotangent to an output of unexpected shape, if possible."""
    if type(cotangent) is not torch.Tensor or cotangent.shape == output.shape:
        return cotangent
    if cotangent.numel() == output.numel():
        return cotangent.reshape(output.shape)
    return cotangent.reshape(()).expand(output.shape) if cotangent.numel() == 1 else cotangent


def _pull_back(
    outputs: list[torch.Tensor], leaves: list[torch.Tensor], cotangents: list[Any]
) -> tuple[torch.Tensor | None, ...]:
    """Return the gradient for each leaf, None for one that the outputs do not depend on. The graph is retained.

    Raises:
        ValueError: there is not one cotangent (or None) per output.
    """
    if len(outputs) != len(cotangents):
        raise ValueError(f"{len(cotangents)} cotangents for {len(outputs)} output tensors")
    pairs = zip(outputs, cotangents, strict=True)
    used = [(output, c) for output, c in pairs if c is not None and requires_grad(output)]
    if not used or not leaves:
        return tuple(None for _ in leaves)
    starts, weights = zip(*used, strict=True)
    return torch.autograd.grad(starts, leaves, weights, retain_graph=True, allow_unused=True)


def _forward_directly(run: _PassRun) -> Any:
    """Call forward as the engine would: without ctx if there is a ``setup_context``."""
    function, context = run.function, run.context
    with run.mode():
        if not _sets_up(function):
            return function.forward(context, *run.inputs)
        given = function.forward(*run.inputs)
        function.setup_context(context, tuple(run.inputs), given)
        return given


_FORWARDS: Final[dict[str, _Forward]] = {"direct": _forward_directly, "call": _call}


def _sets_up(function: Any) -> bool:
    """Tell whether a Function has a ``setup_context`` of its own."""
    setup = getattr(function, "setup_context", None)
    return setup is not None and setup is not _SingleLevelFunction.setup_context


def _backward_directly(run: _PassRun, cotangents: list[Any]) -> tuple[Any, ...]:
    if run.context.materialize_grads:
        pairs = zip(cotangents, run.outputs.tensors, strict=False)
        filled = [torch.zeros_like(output) if c is None else c for c, output in pairs]
        cotangents = [*filled, *cotangents[len(filled) :]]
    with run.mode():
        given = run.function.backward(run.context, *cotangents)
    return tuple(given) if issubclass(type(given), tuple | list) else (given,)


def _is_leaf(item: Any) -> bool:
    return type(item) is torch.Tensor and item.requires_grad


def _leaf(item: Any, need: bool) -> Any:
    """Make a fresh tensor require grad if it needs to and its dtype can."""
    if need and type(item) is torch.Tensor and (item.is_floating_point() or item.is_complex()):
        return item.requires_grad_()
    return item


def _copied(value: Value) -> Value:
    if type(value) is torch.Tensor:
        return value.clone(memory_format=torch.contiguous_format)
    return value


def _laid_out(item: Any, layout: str) -> Any:
    """Change the memory layout of a fresh tensor, if its shape has more than one."""
    if type(item) is not torch.Tensor or layout == "contiguous":
        return item
    return _LAYOUTS[layout](item)


def _transposed(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.mT.contiguous().mT if tensor.dim() >= 2 else tensor


def _strided(tensor: torch.Tensor) -> torch.Tensor:
    if tensor.dim() == 0:
        return tensor
    buffer = tensor.new_zeros((2 * tensor.shape[0], *tensor.shape[1:]))
    buffer[::2] = tensor
    return buffer[::2].detach()


def _expanded(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.reshape(-1)[:1].clone().reshape(()).expand(tensor.shape) if tensor.numel() else tensor


_LAYOUTS = {"transposed": _transposed, "strided": _strided, "expanded": _expanded}
