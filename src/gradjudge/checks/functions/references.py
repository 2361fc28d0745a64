"""Right results: inputs drawn from a seed, and a formula's values and gradients there, in float64 on this side."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Final

import msgspec
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from gradjudge.text import Text

Shape = tuple[int, ...]
Formula = Callable[..., Tensor | tuple[Tensor, ...]]
ReferenceBackward = Callable[..., Sequence[Tensor]]

SMALLEST = 0.1
LARGEST = 2.0

#: Factors of very small and very large inputs: squares of exponentials still fit into float32, and rounding errors of
#: ``exp(x) - exp(-x)`` into the tolerances.
TINY: Final = 1e-6
HUGE: Final = 20.0
#: Distance to either side of a point at which kinks are looked for.
ASIDE: Final = 1e-9

SPECIAL: Final = Text("where inputs are equal, zero, very small or very large")
WRONG_AT_SPECIAL: Final = Text("is wrong, or not finite, {where}; elsewhere it is right", where=SPECIAL)


def when(said: Text, circumstance: Text, *, mistake: str = "") -> Text:
    """Add to a statement the circumstance in which it holds."""
    return Text("{said} {circumstance}", said=said, circumstance=circumstance, mistake=mistake)


class Example(msgspec.Struct, frozen=True):
    """Inputs and cotangents with the right results.

    Attributes:
        inputs, cotangents: as they are sent.
        outputs, gradients: right values in float64: one per output, one per input.
        kinks: for each input, a mask of where its gradient is undefined; empty if nowhere.
    """

    inputs: tuple[Tensor, ...]
    cotangents: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    gradients: tuple[Tensor, ...]
    kinks: tuple[Tensor, ...] = ()

    def judged(self, got: object, place: int) -> object:
        """Return a student's gradient of one input with the right numbers at kinks, where nothing is judged."""
        if not self.kinks or type(got) is not Tensor or got.numel() != self.kinks[place].numel():
            return got
        kink, right = (one[place].reshape(got.shape) for one in (self.kinks, self.gradients))
        return torch.where(kink, right.to(got.dtype), got)


class Reference:
    """Draw examples of a formula, with the right results.

    Args:
        formula: the function in plain torch, over float64 tensors.
        rng: CPU generator.
        backward: ``backward(cotangents, *inputs) -> gradients``, or None for autograd over `formula`.
    """

    def __init__(self, formula: Formula, rng: torch.Generator, backward: ReferenceBackward | None = None) -> None:
        self._formula = formula
        self._backward = backward
        self.rng = rng

    def example(
        self,
        shapes: Mapping[str, Shape],
        dtype: torch.dtype = torch.float64,
        *,
        scale: float = 1.0,
        constant: bool = False,
    ) -> Example:
        """Draw inputs of these shapes, `scale` times a magnitude in [0.1, 2], and signed cotangents.

        With `constant` all entries of a cotangent are equal (as for a sum, where it may be an expanded tensor).
        """
        inputs = tuple(signed(shape, self.rng, dtype) * scale for shape in shapes.values())
        like = self.outputs(inputs)
        cotangents = tuple(signed((), self.rng, dtype).expand(o.shape).clone() for o in like) if constant else None
        return self.at(inputs, cotangents or tuple(signed(tuple(o.shape), self.rng, dtype) for o in like))

    def at(self, inputs: tuple[Tensor, ...], cotangents: tuple[Tensor, ...]) -> Example:
        """Return the example with given inputs and cotangents."""
        return Example(inputs, cotangents, self.outputs(inputs), self.gradients(inputs, cotangents))

    def times(self, factor: Callable[[int, int], float]) -> Reference:
        """Return the reference for the formula, of one result, times a function of its inputs' q and p."""

        def formula(*inputs: Tensor) -> Tensor:
            (result,) = _tuple(self._formula(*inputs))
            return result * factor(inputs[0].shape[0], inputs[-1].shape[-1])

        return Reference(formula, self.rng)

    def reordered(self, order: Sequence[int]) -> Reference:
        """Return the reference for the same formula with its inputs in another order."""
        formula, backward = self._formula, self._backward
        places = [list(order).index(place) for place in range(len(order))]

        def due(inputs: Sequence[Tensor]) -> list[Tensor]:
            return [inputs[place] for place in places]

        def turned(cotangents: tuple[Tensor, ...], *inputs: Tensor) -> list[Tensor]:
            assert backward is not None
            gradients = backward(cotangents, *due(inputs))
            return [gradients[place] for place in order]

        return Reference(lambda *inputs: formula(*due(inputs)), self.rng, turned if backward else None)

    def outputs(self, inputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Evaluate the formula in float64, without a graph."""
        with torch.no_grad():
            return _tuple(self._formula(*(tensor.detach().double() for tensor in inputs)))

    def gradients(self, inputs: Sequence[Tensor], cotangents: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Pull cotangents back through the formula in float64; zeros where an input has no influence."""
        wide = [cotangent.detach().double() for cotangent in cotangents]
        leaves = [tensor.detach().double().requires_grad_() for tensor in inputs]
        if self._backward is not None:
            with torch.no_grad():
                return tuple(self._backward(tuple(wide), *(leaf.detach() for leaf in leaves)))
        outputs = _tuple(self._formula(*leaves))
        found = torch.autograd.grad(outputs, leaves, wide, allow_unused=True)
        return tuple(torch.zeros_like(x) if g is None else g for g, x in zip(found, leaves, strict=True))

    def under(self, mode: TorchFunctionMode) -> Reference:
        """Return the reference for the formula evaluated under `mode`."""

        def formula(*inputs: Tensor) -> Tensor | tuple[Tensor, ...]:
            with mode:
                return self._formula(*inputs)

        return Reference(formula, self.rng)

    def special(self, base: Example, fixed: Container[int] = ()) -> list[Example]:
        """Return examples like `base` at points where formulas break; see `SPECIAL`.

        Points where the formula or its gradient is not finite are left out.

        Args:
            base: the example to start from.
            fixed: places of inputs that stay as they are.
        """
        examples = [self.at(inputs, base.cotangents) for inputs in _special(base.inputs, fixed)]
        return [
            msgspec.structs.replace(example, kinks=self._kinks(example))
            for example in examples
            if all(bool(torch.isfinite(one).all()) for one in (*example.outputs, *example.gradients))
        ]

    def _kinks(self, example: Example) -> tuple[Tensor, ...]:
        """Mark where gradients jump: those on either side differ."""
        directions = [signed(tuple(x.shape), self.rng, torch.float64).sign() for x in example.inputs]
        steps = [ASIDE * x.is_floating_point() * way for x, way in zip(example.inputs, directions, strict=True)]
        beside = [
            [x.double() + way * step for x, step in zip(example.inputs, steps, strict=True)] for way in (1.0, -1.0)
        ]
        sides = [self.gradients(inputs, example.cotangents) for inputs in beside]
        return tuple(_jumps(one, other) for one, other in zip(*sides, strict=True))


def _jumps(one: Tensor, other: Tensor) -> Tensor:
    largest = max((float(side.abs().max()) for side in (one, other) if side.numel()), default=0.0)
    return ~((one - other).abs() <= 1e-6 * max(1.0, largest))


def _special(inputs: tuple[Tensor, ...], fixed: Container[int]) -> Iterator[tuple[Tensor, ...]]:
    free = [place for place, x in enumerate(inputs) if x.is_floating_point() and place not in fixed]
    factors = [(0.0, 1), (0.0, 2), (TINY, 1)]
    if len({x.shape for x in inputs}) == 1:  # products of large numbers overflow in right formulas too
        factors.append((HUGE, 3))
    for factor, every in factors:
        yield tuple(_scaled(x, factor, every) if place in free else x for place, x in enumerate(inputs))
    for one, other in combinations(range(len(inputs)), 2):
        moved, kept = (one, inputs[other]) if one in free else (other, inputs[one])
        if moved in free and kept.is_floating_point() and kept.shape == inputs[moved].shape:
            for every in (1, 2):
                mixed = inputs[moved].clone(memory_format=torch.contiguous_format)
                mixed.view(-1)[::every] = kept.reshape(-1)[::every]
                yield (*inputs[:moved], mixed, *inputs[moved + 1 :])


def _scaled(tensor: Tensor, factor: float, every: int) -> Tensor:
    scaled = tensor.clone(memory_format=torch.contiguous_format)
    scaled.view(-1)[::every] *= factor
    return scaled


def signed(shape: Shape, rng: torch.Generator, dtype: torch.dtype) -> Tensor:
    """Draw numbers of random sign and magnitude in [0.1, 2]: away from the kink of ReLU, abs and max at 0."""
    size = torch.rand(shape, generator=rng, dtype=torch.float64) * (LARGEST - SMALLEST) + SMALLEST
    sign = torch.randint(0, 2, shape, generator=rng).double() * 2 - 1
    return (size * sign).to(dtype)


def _tuple(value: Tensor | tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return tuple(value) if isinstance(value, (tuple, list)) else (value,)
