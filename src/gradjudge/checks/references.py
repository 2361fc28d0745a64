"""What is right: inputs drawn from a seed, and the formula's values and gradients at them, in float64 on this side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec
import torch
from torch import Tensor

Shape = tuple[int, ...]
Formula = Callable[..., Tensor | tuple[Tensor, ...]]
ReferenceBackward = Callable[..., Sequence[Tensor]]

SMALLEST = 0.1
LARGEST = 2.0


class Trial(msgspec.Struct, frozen=True):
    """Hold one set of inputs and cotangents with what is right for it.

    Attributes:
        inputs, cotangents: as they are sent.
        outputs, gradients: right values in float64: one per output, one per input.
    """

    inputs: tuple[Tensor, ...]
    cotangents: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    gradients: tuple[Tensor, ...]


class Reference:
    """Draw trials of a formula.

    Args:
        formula: the function in plain torch, over float64 tensors.
        rng: generator on the CPU.
        backward: ``backward(cotangents, *inputs) -> gradients``, or None for autograd over `formula`.
    """

    def __init__(self, formula: Formula, rng: torch.Generator, backward: ReferenceBackward | None = None) -> None:
        self._formula = formula
        self._backward = backward
        self.rng = rng

    def trial(
        self, shapes: Mapping[str, Shape], dtype: torch.dtype, *, scale: float = 1.0, constant: bool = False
    ) -> Trial:
        """Draw inputs of these shapes, `scale` times a magnitude in [0.1, 2], and signed cotangents.

        With `constant` every entry of a cotangent is the same number (a sum's cotangent, which may be an expanded one).
        """
        inputs = tuple(signed(shape, self.rng, dtype) * scale for shape in shapes.values())
        like = self.outputs(inputs)
        cotangents = tuple(signed((), self.rng, dtype).expand(o.shape).clone() for o in like) if constant else None
        return self.at(inputs, cotangents or tuple(signed(tuple(o.shape), self.rng, dtype) for o in like))

    def at(self, inputs: tuple[Tensor, ...], cotangents: tuple[Tensor, ...]) -> Trial:
        """Compute what is right for given inputs and cotangents."""
        return Trial(inputs, cotangents, self.outputs(inputs), self.gradients(inputs, cotangents))

    def times(self, factor: Callable[[int, int], float]) -> Reference:
        """Give the reference for a formula with one result times a function of q and p, as its inputs have them."""

        def formula(*inputs: Tensor) -> Tensor:
            (result,) = _tuple(self._formula(*inputs))
            return result * factor(inputs[0].shape[0], inputs[-1].shape[-1])

        return Reference(formula, self.rng)

    def reordered(self, order: Sequence[int]) -> Reference:
        """Give the reference for the same formula with its inputs in another order."""
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


def signed(shape: Shape, rng: torch.Generator, dtype: torch.dtype) -> Tensor:
    """Draw numbers of random sign and a magnitude in [0.1, 2]: away from the kink of ReLU, abs and max at 0."""
    size = torch.rand(shape, generator=rng, dtype=torch.float64) * (LARGEST - SMALLEST) + SMALLEST
    sign = torch.randint(0, 2, shape, generator=rng).double() * 2 - 1
    return (size * sign).to(dtype)


def _tuple(value: Tensor | tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return tuple(value) if isinstance(value, (tuple, list)) else (value,)
