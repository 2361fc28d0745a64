"""Many steps in the session in one round trip: build objects, compute with them, and fetch the results.

Every access to a proxy is a message. A chain of a thousand scalar nodes, or a module with its input, its backward pass
and all of its gradients, would take hundreds. A `Recipe` records the steps here, and the session carries them out at
once::

    recipe = Recipe(student, label="2 - x")
    x = recipe.of(student.Value)(3.0)
    y = 2.0 - x
    y.backward()
    data, grad = recipe.run(y.data, x.grad)

A step is recorded where it is written, attributes too: ``x.grad`` above is read after ``backward``.
"""

from __future__ import annotations

from typing import Any, NoReturn

from torch import Tensor

from gradjudge.checks.verdict import Text, fail
from gradjudge.judge.proxy.line import kind_of, senseless
from gradjudge.judge.proxy.objects import ObjectProxy, handle_of, receive, send
from gradjudge.judge.proxy.student import Student, line_of
from gradjudge.wire.messages import Handle, Ref, Steps, Value
from gradjudge.wire.messages import Step as WireStep

MOST_STEPS = 3000
"""A number of steps that always fits into one message."""

_TAKEN = "a recipe that was carried out takes no further steps: start another one, and hand it proxies"


class RecipeStep:
    """The future result of one step of a `Recipe`: call it, compute with it, read its attributes.

    ``+ - * / **``, unary ``-``, ``[...]``, attributes and calls are steps of their own, carried out in the session by
    Python's own rules: ``2.0 - x`` tries ``float.__sub__``, then ``x.__rsub__``.
    """

    __slots__ = ("_number", "_recipe")
    __iter__ = None  # else Python would try x[0], x[1], ... for ever

    def __init__(self, recipe: Recipe, number: int) -> None:
        self._recipe = recipe
        self._number = number

    def __call__(self, *args: Any, **kwargs: Any) -> RecipeStep:
        """Record a call of the step's result."""
        return self._recipe._record(Ref(self._number), args, kwargs)

    def __getattr__(self, name: str) -> RecipeStep:
        if name.startswith("__"):  # copy, pickle and pytest look for these
            raise AttributeError(name)
        return self._recipe.make("builtins:getattr", self, name)

    def __getitem__(self, key: Any) -> RecipeStep:
        return self._recipe.make("operator:getitem", self, key)

    def __neg__(self) -> RecipeStep:
        return self._recipe.make("operator:neg", self)

    def __add__(self, other: Any) -> RecipeStep:
        return self._recipe.make("operator:add", self, other)

    def __radd__(self, other: Any) -> RecipeStep:
        return self._recipe.make("operator:add", other, self)

    def __sub__(self, other: Any) -> RecipeStep:
        return self._recipe.make("operator:sub", self, other)

    def __rsub__(self, other: Any) -> RecipeStep:
        return self._recipe.make("operator:sub", other, self)

    def __mul__(self, other: Any) -> RecipeStep:
        return self._recipe.make("operator:mul", self, other)

    def __rmul__(self, other: Any) -> RecipeStep:
        return self._recipe.make("operator:mul", other, self)

    def __truediv__(self, other: Any) -> RecipeStep:
        return self._recipe.make("operator:truediv", self, other)

    def __rtruediv__(self, other: Any) -> RecipeStep:
        return self._recipe.make("operator:truediv", other, self)

    def __pow__(self, other: Any) -> RecipeStep:
        return self._recipe.make("operator:pow", self, other)

    def __rpow__(self, other: Any) -> RecipeStep:
        return self._recipe.make("operator:pow", other, self)


class Recipe:
    """Record steps, and have the session carry them out in one round trip.

    Args:
        student: whose session carries them out.
        label: what the student reads when a step raises: "Your code raised TypeError in `2 - x`".
    """

    def __init__(self, student: Student, *, label: str) -> None:
        self._line = line_of(student)
        self._label = label
        self._steps: list[WireStep] | None = []

    def of(self, proxy: Any) -> RecipeStep:
        """Use an object of the session, as an earlier access returned it.

        Raises:
            CheckFailed: it is a value: the student's name is bound to something else than expected.
        """
        if isinstance(proxy, ObjectProxy):
            return RecipeStep(self, handle_of(proxy).id)
        return fail(
            Text(
                "`{label}` cannot be judged: something that it needs is {kind}.",
                label=self._label,
                kind=kind_of(proxy),
            )
        )

    def make(self, path: str, *args: Any, **kwargs: Any) -> RecipeStep:
        """Call something of Python's or of a package's: ``make("torch.optim:SGD", parameters, lr=0.1)``.

        Args:
            path: ``module:name``.
        """
        return self._record(Ref(path), args, kwargs)

    def leaf(self, tensor: Tensor) -> RecipeStep:
        """Copy a tensor into the session; it requires grad there."""
        return self.copy(tensor).requires_grad_()

    def copy(self, tensor: Tensor, *, transposed: bool = False) -> RecipeStep:
        """Copy a tensor into the session; with `transposed`, a matrix as a transposed view, which is not contiguous."""
        if not transposed or tensor.ndim < 2:
            return self.make("torch:clone", tensor.detach())
        return self.make("torch:clone", tensor.detach().mT.contiguous()).mT

    def set(self, owner: RecipeStep, name: str, value: Any) -> None:
        """Set an attribute."""
        self.make("builtins:setattr", owner, name, value)

    def run(self, *wanted: RecipeStep) -> tuple[Any, ...]:
        """Carry out the steps; return the values of those in `wanted`, and proxies of results that are not values.

        Raises:
            StudentRaised: a step raised.
            CheckFailed: the session did not return one result per step.
        """
        if self._steps is None:
            _misused(_TAKEN)
        if any(step._number > 0 for step in wanted):
            _misused("an object that was there before is no result: it is at hand already")
        give = tuple(-step._number for step in wanted)
        asked, self._steps = Steps(tuple(self._steps), give), None
        value = self._line.answer(asked, self._label).value
        if type(value) is not tuple or len(value) != len(give):
            senseless(self._label, "not one result for each step that was asked for")
        received: tuple[Any, ...] = receive(value, self._line, self._label)
        return received

    def _record(self, ref: Ref, args: tuple[Any, ...], kwargs: dict[str, Any]) -> RecipeStep:
        if self._steps is None:
            _misused(_TAKEN)
        packed = tuple(self._pack(value) for value in args)
        self._steps.append(WireStep(ref, packed, {name: self._pack(value) for name, value in kwargs.items()}))
        return RecipeStep(self, -len(self._steps))

    def _pack(self, value: Any) -> Value:
        if isinstance(value, RecipeStep):
            if value._recipe is not self:
                _misused("a step of another recipe cannot be used here: run that one, and hand over its proxy")
            return Handle(value._number, "object")
        if type(value) in (list, tuple):
            return type(value)(self._pack(item) for item in value)
        if type(value) is dict:
            return {key: self._pack(item) for key, item in value.items()}
        return send(value)


def _misused(why: str) -> NoReturn:
    """Stop a hidden test that misuses a recipe: the grader's fault, never the student's."""
    raise RuntimeError(why)
