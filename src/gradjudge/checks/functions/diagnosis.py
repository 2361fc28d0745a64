"""Name the mistake behind a wrong gradient.

Each common mistake is simulated on this side. One is named only if it reproduces the student's gradient to 1e-6 in
every draw where that was wrong, and in at least two.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
import torch
from torch import Tensor

from gradjudge.checks.comparison import magnitude
from gradjudge.checks.functions.misread import root_scale, with_absolute_values, without_squares
from gradjudge.checks.functions.references import Example, Reference
from gradjudge.checks.functions.wrong_slopes import SLOPES, WrongSlope, slope_gradients
from gradjudge.checks.tolerance import Tolerance, difference
from gradjudge.text import Text

FIT = 1e-6
FEWEST = 2
#: Largest gradient that is looked at: the session chooses its size, and each mistake is simulated in float64.
MOST_ENTRIES = 1 << 20
#: Largest input for which a whole Jacobian is computed.
LARGEST_JACOBIAN = 200


class Sighting(msgspec.Struct, frozen=True):
    """One wrong gradient and the example that it was returned for.

    Attributes:
        got: the student's gradient, finite.
        index: which input it is for.
        example: inputs, cotangents and right results.
    """

    got: Tensor
    index: int
    example: Example

    @property
    def right(self) -> Tensor:
        """The right gradient."""
        return self.example.gradients[self.index]


Simulation = Callable[[Sighting, Reference], Tensor | None]


class _KnownMistake(msgspec.Struct, frozen=True):
    """A predicate that names a mistake, and the gradient that it would give (None if it is impossible)."""

    text: Text
    simulate: Simulation


def diagnose(
    sightings: Sequence[Sighting], names: Sequence[str], reference: Reference, allowed: Tolerance
) -> Text | None:
    """Return the mistake that explains all `sightings`, as a predicate ("has the opposite sign"); None if none does.

    Args:
        sightings: wrong gradients for one input, from independent draws, best at different shapes.
        names: names of the inputs, in order.
        reference: the right formula.
        allowed: the tolerance that the gradients missed.
    """
    if len(sightings) < FEWEST or any(sighting.got.numel() > MOST_ENTRIES for sighting in sightings):
        return None
    for mistake in (*_SIMPLE, *_FACTORS, *_orders(sightings[0].index, names), *_REDUCTIONS, *_COTANGENTS, *_PLACES,
                    *_SQUARES, *_as_if_one(names)):  # fmt: skip
        if all(fits(_simulated(mistake, sighting, reference), sighting.got) for sighting in sightings):
            return _opposite(sightings, names) if mistake.text is OPPOSITE else mistake.text
    if all(_proportional(sighting) for sighting in sightings):
        size = magnitude(difference(sightings[0].got, sightings[0].right, allowed))
        return Text("is the right one but for a factor (relative error of about {size})", size=size, mistake="factor")
    return None


def _opposite(sightings: Sequence[Sighting], names: Sequence[str]) -> Text:
    """Say that the sign is wrong; mention another input whose gradient is the same but for its sign."""
    for other, name in enumerate(names):
        if other != sightings[0].index and all(fits(one.example.gradients[other], one.got) for one in sightings):
            return Text(
                "has the opposite sign, or is the one for `{name}` (gradients are returned in the order of the inputs "
                "of forward)",
                name=name,
                mistake=OPPOSITE.mistake,
            )
    return OPPOSITE


def _simulated(mistake: _KnownMistake, sighting: Sighting, reference: Reference) -> Tensor | None:
    """Simulate a mistake; None where the formula is not defined."""
    try:
        return mistake.simulate(sighting, reference)
    except (RuntimeError, IndexError):
        return None


def fits(simulated: Tensor | None, got: Tensor) -> bool:
    """Return whether a simulated mistake gives what the student's code gave."""
    if simulated is None or simulated.shape != got.shape:
        return False
    largest = float(simulated.abs().max()) if simulated.numel() else 0.0
    apart = float((simulated.double() - got.double()).abs().max()) if simulated.numel() else 0.0
    return apart <= FIT * largest


def _proportional(sighting: Sighting) -> bool:
    right, got = sighting.right, sighting.got.double()
    if right.shape != got.shape or right.numel() < 2 or float(right.abs().max()) == 0:
        return False
    factor = float((got * right).sum() / (right * right).sum())
    return factor != 0 and fits(right * factor, got)


# --- zero, sign, transposition -------------------------------------------------------------------------------------


def _transposed(sighting: Sighting, _reference: Reference) -> Tensor | None:
    return sighting.right.T if sighting.right.ndim == 2 else None


OPPOSITE = Text("has the opposite sign", mistake="sign")

_SIMPLE = (
    _KnownMistake(
        Text("is zero everywhere", mistake="zero"), lambda s, _: torch.zeros_like(s.got, dtype=torch.float64)
    ),
    _KnownMistake(Text("is 1 everywhere", mistake="ones"), lambda s, _: torch.ones_like(s.got, dtype=torch.float64)),
    _KnownMistake(OPPOSITE, lambda s, _: -s.right),
    _KnownMistake(Text("is transposed", mistake="transposed"), _transposed),
)


# --- a constant factor ---------------------------------------------------------------------------------------------


_LEGENDS = {
    "q": Text("q: number of rows"),
    "p": Text("p: number of columns"),
    "qp": Text("q: number of rows; p: number of columns"),
}


def sizes(example: Example) -> tuple[int, int] | None:
    """Return q and p: of a matrix result of several inputs, else rows of the first and columns of the last input.

    None if these have no dimensions.
    """
    if len(example.inputs) > 1 and example.outputs[0].ndim == 2:  # independent of the order of the inputs
        return (example.outputs[0].shape[0], example.outputs[0].shape[1])
    first, last = example.inputs[0].shape, example.inputs[-1].shape
    return (first[0], last[-1]) if len(first) and len(last) else None


def times(factor: str) -> Text:
    """Say that something is a factor times the right one, and what q and p in it are."""
    said = Text("is {factor} times the right one", factor=factor, mistake=f"factor {factor}")
    used = "".join(letter for letter in "qp" if letter in factor)
    return Text("{said} ({legend})", said=said, legend=_LEGENDS[used], mistake=said.mistake) if used else said


def _factor(name: str, value: Callable[[int, int], float]) -> _KnownMistake:
    def simulate(sighting: Sighting, _reference: Reference) -> Tensor | None:
        found = sizes(sighting.example)
        return None if found is None else sighting.right * value(*found)

    return _KnownMistake(times(name), simulate)


#: Common factors, as functions of q and p.
VALUES: dict[str, Callable[[int, int], float]] = {
    "2": lambda _q, _p: 2.0,
    "1/2": lambda _q, _p: 0.5,
    "q": lambda q, _p: float(q),
    "1/q": lambda q, _p: 1 / q,
    "p": lambda _q, p: float(p),
    "1/p": lambda _q, p: 1 / p,
    "q·p": lambda q, p: float(q * p),
    "1/(q·p)": lambda q, p: 1 / (q * p),
    "q/2": lambda q, _p: q / 2,
    "1/(2q)": lambda q, _p: 1 / (2 * q),
    "q/p": lambda q, p: q / p,
    "p/q": lambda q, p: p / q,
}
_FACTORS = tuple(
    mistake
    for name, value in VALUES.items()
    for mistake in (_factor(name, value), _factor(f"-{name}", lambda q, p, value=value: -value(q, p)))  # type: ignore[misc]
)


# --- another input's gradient --------------------------------------------------------------------------------------


def _orders(index: int, names: Sequence[str]) -> list[_KnownMistake]:
    return [
        _KnownMistake(
            Text(
                "is the one for `{name}`: gradients are returned in the order of the inputs of forward",
                name=name,
                mistake="order",
            ),
            lambda s, _, other=other: s.example.gradients[other],  # type: ignore[misc]
        )
        for other, name in enumerate(names)
        if other != index
    ]


def _as_if_one(names: Sequence[str]) -> list[_KnownMistake]:
    """Simulate a local derivative that lacks one of the inputs as a factor."""
    return [
        _KnownMistake(
            Text(
                "is what it would be if `{name}` were 1 everywhere: it has to be multiplied by `{name}`",
                name=name,
                mistake="local derivative",
            ),
            lambda s, reference, other=other: _with_ones(s, reference, other),  # type: ignore[misc]
        )
        for other, name in enumerate(names)
    ]


def _with_ones(sighting: Sighting, reference: Reference, other: int) -> Tensor | None:
    if other == sighting.index:
        return None
    given = sighting.example.inputs
    changed = (*given[:other], torch.ones_like(given[other]), *given[other + 1 :])
    return reference.gradients(changed, sighting.example.cotangents)[sighting.index]


# --- sums over the batch -------------------------------------------------------------------------------------------


def _unsummed(sighting: Sighting, _reference: Reference) -> Tensor | None:
    """Return the student's own tensor if it sums over its first axis to the right one."""
    got = sighting.got.double()
    summed = got.sum(0) if got.ndim else got
    same = got.numel() > sighting.right.numel() == summed.numel()
    return got if same and fits(sighting.right.reshape(-1), summed.reshape(-1)) else None


def _over(axis: int) -> Simulation:
    """Simulate a sum of the cotangent over `axis` where its sum over the batch is right."""

    def simulate(sighting: Sighting, _reference: Reference) -> Tensor | None:
        cotangent = sighting.example.cotangents[0].double()
        if cotangent.ndim != 2 or not fits(cotangent.sum(0), sighting.right.reshape(-1)):
            return None
        summed = cotangent.sum(axis)
        return summed.reshape(sighting.got.shape) if summed.numel() == sighting.got.numel() else None

    return simulate


def _total(sighting: Sighting, _reference: Reference) -> Tensor | None:
    cotangent = sighting.example.cotangents[0].double()
    if cotangent.ndim != 2 or not fits(cotangent.sum(0), sighting.right.reshape(-1)):
        return None
    return cotangent.sum().expand(sighting.got.shape)


_REDUCTIONS = (
    _KnownMistake(Text("is not summed over the batch", mistake="unsummed"), _unsummed),
    _KnownMistake(Text("is summed over the wrong axis", mistake="axis"), _over(1)),
    _KnownMistake(Text("is summed over all axes", mistake="axis"), _total),
)


# --- the cotangent -------------------------------------------------------------------------------------------------


def _with_cotangent(change: Callable[[Tensor], Tensor]) -> Simulation:
    def simulate(sighting: Sighting, reference: Reference) -> Tensor | None:
        changed = tuple(change(cotangent.double()) for cotangent in sighting.example.cotangents)
        return reference.gradients(sighting.example.inputs, changed)[sighting.index]

    return simulate


_NOT_LINEAR = Text("is not proportional to grad_output", mistake="not linear")

_COTANGENTS = (
    _KnownMistake(Text("is not multiplied by grad_output", mistake="grad_output"), _with_cotangent(torch.ones_like)),
    _KnownMistake(_NOT_LINEAR, _with_cotangent(torch.square)),
    _KnownMistake(_NOT_LINEAR, _with_cotangent(lambda g: g * g.abs())),
    _KnownMistake(_NOT_LINEAR, _with_cotangent(torch.abs)),
    _KnownMistake(_NOT_LINEAR, _with_cotangent(torch.sign)),
    _KnownMistake(_NOT_LINEAR, _with_cotangent(lambda g: g.clamp(-1, 1))),
    _KnownMistake(_NOT_LINEAR, _with_cotangent(lambda g: g.clamp(0, 1))),
)


# --- the place at which the derivative is taken --------------------------------------------------------------------


def _at(place: Callable[[Example], Tensor]) -> Simulation:
    """Simulate f'(z) instead of f'(x); `place` returns z."""

    def simulate(sighting: Sighting, reference: Reference) -> Tensor | None:
        example, index = sighting.example, sighting.index
        if len(example.outputs) != 1 or place(example).shape != example.inputs[index].shape:
            return None
        moved = (*example.inputs[:index], place(example), *example.inputs[index + 1 :])
        return reference.gradients(moved, example.cotangents)[index]

    return simulate


def _other_axis(sighting: Sighting, reference: Reference) -> Tensor | None:
    """Simulate a function of each column instead of each row."""
    example = sighting.example
    if len(example.inputs) != 1 or example.inputs[0].ndim != 2 or example.cotangents[0].ndim != 2:
        return None
    return reference.gradients((example.inputs[0].T,), (example.cotangents[0].T,))[0].T


def _diagonal(sighting: Sighting, reference: Reference) -> Tensor | None:
    """Simulate a backward that uses the diagonal of the Jacobian alone."""
    example, x = sighting.example, sighting.example.inputs[sighting.index]
    if len(example.outputs) != 1 or example.outputs[0].shape != x.shape or x.numel() > LARGEST_JACOBIAN:
        return None
    ones = torch.eye(x.numel(), dtype=torch.float64).reshape(x.numel(), *x.shape)
    rows = [reference.gradients(example.inputs, (one,))[sighting.index].reshape(-1) for one in ones]
    return torch.stack(rows).diagonal().reshape(x.shape) * example.cotangents[0].double()


def _slope(slope: WrongSlope) -> Simulation:
    def simulate(sighting: Sighting, _reference: Reference) -> Tensor | None:
        found = slope_gradients(slope, sighting.example, sighting.index)
        return found[1] if found is not None and fits(found[0], sighting.right) else None

    return simulate


OTHER_AXIS = Text("is taken over the other axis", mistake="axis")

_PLACES = (
    _KnownMistake(
        Text("is the derivative taken at the output, not at the input", mistake="at output"),
        _at(lambda example: example.outputs[0]),
    ),
    _KnownMistake(
        Text("is the derivative taken at grad_output, not at the input", mistake="at grad_output"),
        _at(lambda example: example.cotangents[0]),
    ),
    _KnownMistake(OTHER_AXIS, _other_axis),
    _KnownMistake(
        Text(
            "lets each entry of the result depend on one entry of the input alone, and it depends on others too",
            mistake="diagonal",
        ),
        _diagonal,
    ),
    *(_KnownMistake(slope.text, _slope(slope)) for slope in SLOPES),
)


# --- a square that is missing --------------------------------------------------------------------------------------


def _misread(change: Callable[[Reference], Reference]) -> Simulation:
    def simulate(sighting: Sighting, reference: Reference) -> Tensor | None:
        example = sighting.example
        return change(reference).gradients(example.inputs, example.cotangents)[sighting.index]

    return simulate


def _of_root(way: int) -> Simulation:
    """Simulate the gradient of a square root of the result."""

    def simulate(sighting: Sighting, _reference: Reference) -> Tensor | None:
        found = sizes(sighting.example)
        scales = (
            root_scale(sighting.example, found[0]) if found is not None and len(sighting.example.outputs) == 1 else ()
        )
        return sighting.right * scales[way] / 2 if scales else None

    return simulate


_SQUARES = (
    _KnownMistake(Text("is that of the formula without its square", mistake="power"), _misread(without_squares)),
    _KnownMistake(
        Text("is that of absolute values where there must be squares", mistake="power"), _misread(with_absolute_values)
    ),
    *(_KnownMistake(Text("is that of a norm that is not squared", mistake="power"), _of_root(way)) for way in range(3)),
)
