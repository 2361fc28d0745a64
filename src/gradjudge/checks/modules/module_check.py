"""The battery for hand-written modules: classes with a backward pass of their own.

A module has ``forward(x)``, which keeps what backward needs on ``self``, and ``backward(delta)``, which returns dL/dx
and adds to the ``grad`` of its parameters; ``parameters()`` lists objects with ``data`` and ``grad``; ``zero_grad()``
sets these grads to zero. A test writer states one formula; it is differentiated by autograd on this side.
`gradjudge.checks.modules.losses` does the same for losses.

Backward refers to the last forward, so nothing here interleaves two passes of one module. Each part is a check of its
own and raises `CheckFailed` (or `StudentRaised`); `robust` compares with what the module itself gives in plain
conditions, so a wrong gradient is paid for once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from gradjudge.checks.functions.references import SPECIAL, Example, Formula, Reference, Shape, when
from gradjudge.checks.modules.parameters import FoundParameter, load, match
from gradjudge.checks.modules.results import (
    MANY_PASSES,
    cast,
    fail_autograd,
    fail_layout,
    fail_raising_layout,
    method_of,
    near_in_shape,
    require_dtype,
    require_gradient,
    require_lasting,
    require_outputs,
    require_special,
    require_untouched,
    tensor_of,
)
from gradjudge.checks.recipes import Recipe, RecipeStep
from gradjudge.checks.tolerance import near, tolerance
from gradjudge.checks.verdict import CheckFailed, StudentRaised, Text, fail, require
from gradjudge.judge.proxy.student import Student

DRAWS = 3
#: Rows of a batch that is too large for a mistake to be right by chance.
MANY_ROWS = 40
Shapes = Mapping[str, Shape]


class Built(NamedTuple):
    """A module as steps of a recipe.

    Attributes:
        module: what is judged.
        owners: modules whose ``parameters()``, one after the other, are those of the formula; empty if it has none.
            For a container these are its members, so that its own ``parameters`` is judged elsewhere.
    """

    module: RecipeStep
    owners: tuple[RecipeStep, ...] = ()


class LiveModule(NamedTuple):
    """A module in the session, and its parameters by the formula's names."""

    module: Any
    params: dict[str, FoundParameter]


class Given(NamedTuple):
    """The results of one forward and backward; `x` and `delta` as they are afterwards."""

    output: object
    dx: object
    grads: dict[str, object]
    x: object
    delta: object


class ModuleCheck:
    """Judge a module against a plain formula, one part at a time.

    Args:
        student: whose session it is.
        label: the class's name, for messages.
        make: builds the module in a recipe, for a set of shapes.
        formula: over the input and the parameters, in plain torch: ``lambda x, w, b: x @ w + b``.
        shapes: shapes by name: the input first, then the parameters, in the order of the owners. Parameters are told
            apart by their shapes (b may be (1, p)), so these must differ.
        rng: CPU generator of inputs, parameters and deltas.
        device: the session's device.
        also_shapes: further sets of shapes; mistakes are named only where q, n and p differ. A batch of many rows is
            always added.
        by_hand: call ``backward`` with autograd disabled. Not for a container of stand-ins.
    """

    def __init__(
        self,
        student: Student,
        label: str,
        make: Callable[[Recipe, Shapes], Built],
        formula: Formula,
        shapes: Shapes,
        *,
        rng: torch.Generator,
        device: torch.device | str = "cpu",
        also_shapes: Sequence[Shapes] = (),
        by_hand: bool = True,
    ) -> None:
        self._by_hand = by_hand
        self._student = student
        self._label = label
        self._make = make
        self._reference = Reference(formula, rng)
        self._names = tuple(shapes)
        x = self._names[0]
        many = {**shapes, x: (MANY_ROWS, *shapes[x][1:])}
        self._shapes = [dict(shapes), many, *(dict(more) for more in also_shapes)]
        self._device = torch.device(device)
        self._allowed = tolerance(device, torch.float64)

    def forward(self) -> None:
        """Compare value and shape of ``forward`` with the formula at every set of shapes."""
        examples: list[Example] = []
        given: list[object] = []
        for shapes in (self._shapes[0], *self._shapes):
            example = self._reference.example(shapes)
            given += self._forward(self._load(shapes, example), example)
            examples.append(example)
        require_outputs(given, examples, self._names, self._reference, self._allowed, f"{self._label}.forward")
        special = self._reference.special(examples[0])
        given = [one for example in special for one in self._forward(self._load(self._shapes[0], example), example)]
        require_special(given, [example.outputs[0] for example in special], self._allowed, f"{self._label}.forward")

    def gradient(self, name: str) -> None:
        """Judge what ``backward`` returns (`name` is the input) or adds to a parameter's ``grad``, with signed deltas.

        Unless `by_hand` is False, ``backward`` is called with autograd disabled: it has to be written.
        """
        if not self._by_hand:
            self._judge_gradient(name, by_force=False)
            return
        try:
            self._judge_gradient(name, by_force=True)
        except CheckFailed as without:
            self._judge_gradient(name, by_force=False)
            fail_autograd(f"{self._label}.backward", without)

    def accumulates(self) -> None:
        """Require two backward passes to add up in every parameter's ``grad``; judged by the module's own gradients.

        Raises:
            CheckFailed: the second one overwrites the first, or the sum is wrong.
        """
        shapes = self._shapes[0]
        first = self._reference.example(shapes)
        parameters = first.inputs[1:]
        drawn = self._reference.example(shapes)
        second = self._reference.at((drawn.inputs[0], *parameters), drawn.cotangents)
        alone = [self._pass(shapes, example).grads for example in (first, second)]
        both = self._pass(shapes, first, then=second).grads
        for name in self._names[1:]:
            one, two, sum_ = (tensor_of(grads[name], self._label, name) for grads in (*alone, both))
            same = one.shape == two.shape == sum_.shape and bool(one.any())
            if same and near(sum_, one + two, self._allowed):
                continue
            kept = self._reference.gradients((first.inputs[0], *parameters), second.cotangents)
            of_first = kept[self._names.index(name)]
            fits = same and of_first.numel() == one.numel()  # else its gradient has another shape
            if fits and bool((one + of_first.reshape(one.shape) - sum_).abs().max() <= 1e-6 * sum_.abs().max()):
                fail(
                    Text(
                        "The second `{label}.backward` uses the input of the first forward: keep the last one.",
                        label=self._label,
                        mistake="state",
                    ),
                )
            if same and near(sum_, two, self._allowed):
                fail(
                    Text(
                        "The second `{label}.backward` overwrites the grad of `{name}`: add to it (`+=`).",
                        label=self._label,
                        name=name,
                        mistake="overwritten",
                    ),
                )
            fail(
                Text(
                    "After two passes of `{label}`, the grad of `{name}` is not the sum of those of each pass.",
                    label=self._label,
                    name=name,
                ),
            )

    def zeroes(self) -> None:
        """Require ``zero_grad`` to set every parameter's ``grad`` to zero and to leave ``data`` alone."""
        example = self._reference.example(self._shapes[0])
        held = self._load(self._shapes[0], example, ones=True)
        recipe = Recipe(self._student, label=f"{self._label}.zero_grad")
        recipe.of(held.module).zero_grad()
        params = [recipe.of(parameter.param) for parameter in held.params.values()]
        found = recipe.run(*(param.grad for param in params), *(param.data for param in params))
        for name, grad, data, right in zip(
            held.params, found[: len(params)], found[len(params) :], example.inputs[1:], strict=True
        ):
            require(
                type(data) is Tensor and data.numel() == right.numel() and near(data, right, self._allowed),
                Text(
                    "`{label}.zero_grad` changes the data of `{name}`; only grad goes to zero.",
                    label=self._label,
                    name=name,
                    mistake="zeroes data",
                ),
            )
            zero = not bool(grad.any()) if type(grad) is Tensor else type(grad) in (int, float) and grad == 0
            require(
                zero,
                Text(
                    "After `{label}.zero_grad`, the grad of `{name}` is not zero.",
                    label=self._label,
                    name=name,
                    mistake="zero_grad",
                ),
            )

    def robust(self) -> None:
        """Require dtypes to be kept, x and delta to be left alone, and transposed tensors to change nothing."""
        shapes = self._shapes[0]
        example = self._reference.example(shapes)
        plain = self._pass(shapes, example)
        results = _results(plain)
        for name, value in results.items():
            tensor_of(value, self._label, name)
        for dtype in (torch.float64, torch.float32):
            same = Example(cast(example.inputs, dtype), cast(example.cotangents, dtype), (), ())
            require_dtype(_results(self._pass(shapes, same)), results, dtype, self._device, self._label)
        for name, before, after in (("x", example.inputs[0], plain.x), ("delta", example.cotangents[0], plain.delta)):
            require_untouched(self._label, name, before, after)
        try:
            moved = _results(self._pass(shapes, example, transposed=True))
        except StudentRaised as raised:
            fail_raising_layout(self._label, raised)
        for name, value in moved.items():
            if not near_in_shape(value, results[name], self._allowed):
                fail_layout(self._label)

    def lasting(self) -> None:
        """Require results still to be right after many passes: for modules whose single passes were found right."""
        shapes = self._shapes[0]
        example = self._reference.example(shapes)
        right = {"forward": example.outputs[0], "backward": example.gradients[0]}
        require_lasting(self._label, self._after_many(shapes, example), right, self._allowed)

    # --- asking the session -------------------------------------------------------------------------------------------

    def _after_many(self, shapes: Shapes, example: Example) -> dict[str, object]:
        module = self._load(shapes, example).module
        recipe = Recipe(self._student, label=f"{self._label}.backward")
        for _ in range(MANY_PASSES):
            output = recipe.of(module).forward(example.inputs[0])
            dx = recipe.of(module).backward(example.cotangents[0])
        return dict(zip(("forward", "backward"), recipe.run(output, dx), strict=True))

    def _judge_gradient(self, name: str, *, by_force: bool) -> None:
        place = self._names.index(name)
        examples: list[Example] = []
        given: list[object] = []
        for shapes in [shapes for shapes in self._shapes for _ in range(DRAWS)]:
            example = self._reference.example(shapes)
            dx, grads = self._backward(shapes, example, by_force=by_force)
            examples.append(example)
            given.append(grads[name] if place else dx)
        where = Text("The grad that `{label}.backward` adds to `{name}`", label=self._label, name=name)
        if not place:
            where = Text("What `{label}.backward` returns", label=self._label)
        require_gradient(name, self._names, given, examples, self._reference, self._allowed, where)
        where = when(where, SPECIAL)
        for example in self._reference.special(examples[0]):
            dx, grads = self._backward(self._shapes[0], example, by_force=by_force)
            got = example.judged(grads[name] if place else dx, place)
            require_gradient(name, self._names, [got], [example], self._reference, self._allowed, where)

    def _backward(self, shapes: Shapes, example: Example, *, by_force: bool) -> tuple[object, dict[str, object]]:
        if not by_force:
            given = self._pass(shapes, example)
            return given.dx, given.grads
        held = self._load(shapes, example)
        self._forward(held, example)
        dx = method_of(held.module, "backward", self._label).without_autograd(*example.cotangents)
        if not held.params:
            return dx, {}
        recipe = Recipe(self._student, label=f"{self._label}.backward")
        grads = recipe.run(*(recipe.of(parameter.param).grad for parameter in held.params.values()))
        return dx, dict(zip(held.params, grads, strict=True))

    def _load(self, shapes: Shapes, example: Example, *, ones: bool = False) -> LiveModule:
        """Build a module; set its parameters to the example's data, and their grads to zero (or to ones)."""
        recipe = Recipe(self._student, label=self._label)
        built = self._make(recipe, shapes)
        lists = [recipe.make("builtins:list", owner.parameters()) for owner in built.owners]
        module, *found = recipe.run(built.module, *lists)
        if not built.owners:
            return LiveModule(module, {})
        wanted = [tuple(shapes[name]) for name in self._names[1:]]
        proxies = [param for one in found if isinstance(one, list) for param in one]
        params = dict(zip(self._names[1:], match(self._student, proxies, wanted, self._label), strict=True))
        recipe = Recipe(self._student, label=self._label)
        for parameter, value in zip(params.values(), example.inputs[1:], strict=True):
            load(recipe, parameter, value, torch.ones_like(value) if ones else None)
        recipe.run()
        return LiveModule(module, params)

    def _forward(self, held: LiveModule, example: Example) -> tuple[Any, ...]:
        recipe = Recipe(self._student, label=f"{self._label}.forward")
        return recipe.run(recipe.of(held.module).forward(example.inputs[0]))

    def _pass(
        self, shapes: Shapes, example: Example, *, then: Example | None = None, transposed: bool = False
    ) -> Given:
        """Run forward and backward in one trip, and again for `then`; `transposed` makes x and delta views."""
        held = self._load(shapes, example)
        recipe = Recipe(self._student, label=f"{self._label}.backward")
        module = recipe.of(held.module)
        for one in (example, *([then] if then else [])):
            x, delta = (recipe.copy(value, transposed=transposed) for value in (one.inputs[0], one.cotangents[0]))
            output = recipe.make("torch:clone", module.forward(x))  # as it is before backward
            dx = module.backward(delta)
        params = [recipe.of(parameter.param) for parameter in held.params.values()]
        output_, dx_, x_, delta_, *grads = recipe.run(output, dx, x, delta, *(param.grad for param in params))
        return Given(output_, dx_, dict(zip(held.params, grads, strict=True)), x_, delta_)


def _results(given: Given) -> dict[str, object]:
    return {"forward": given.output, "backward": given.dx, **{f"{name}.grad": g for name, g in given.grads.items()}}
