"""What is judged of the tensors that a hand-written module or loss gives, in words for the student."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NoReturn

import torch
from torch import Tensor

from gradjudge.checks.comparison import Due, Flaw, flaw_in
from gradjudge.checks.diagnosis import FEWEST, Sighting, diagnose
from gradjudge.checks.recipes import Recipe, Step
from gradjudge.checks.references import SPECIAL, Reference, Trial
from gradjudge.checks.tolerance import Tolerance, near, tolerance
from gradjudge.checks.verdict import CheckFailed, StudentRaised, Text, fail, require
from gradjudge.checks.wrong_outputs import diagnose_output
from gradjudge.proxy.objects import CallableProxy

#: Passes in a row, after which a mistake that waits for a dozen calls has come.
MANY_PASSES = 16

_PASSED_THROUGH = Text.own(
    "is delta itself, passed through: the local derivative is missing",
    "est delta lui-même, transmis tel quel : il manque la dérivée locale",
    "local derivative",
)


def require_gradient(
    name: str,
    names: Sequence[str],
    given: Sequence[object],
    trials: Sequence[Trial],
    reference: Reference,
    allowed: Tolerance,
    where: Text,
) -> None:
    """Require one gradient to be right in every trial, compared flattened, and name the mistake if it is a usual one.

    Args:
        name, names: the variable that it is for, and all of the formula's.
        given: the student's gradient for each trial.
        trials, reference: what is right.
        where: subject of the sentence, masculine in French: "What `Linear.backward` returns".

    Raises:
        CheckFailed: it is wrong somewhere.
    """
    place = list(names).index(name)
    shape = Text.own(f"that of `{name}`", f"celle de `{name}`")
    flaws = [
        flaw_in(got, Due(trial.gradients[place], shape, flatten=True), allowed)
        for got, trial in zip(given, trials, strict=True)
    ]
    first = next((flaw for flaw in flaws if flaw is not None), None)
    if first is None:
        return
    predicate = _predicate(first, flaws, given, trials, place, names, reference, allowed)
    raise CheckFailed(Text.own(f"{where.en} {predicate.en}.", f"{where.fr} {predicate.fr}.", predicate.mistake))


def _predicate(
    first: Flaw,
    flaws: Sequence[Flaw | None],
    given: Sequence[object],
    trials: Sequence[Trial],
    place: int,
    names: Sequence[str],
    reference: Reference,
    allowed: Tolerance,
) -> Text:
    wrong = [
        Sighting(_in_shape(got, trial.gradients[place]), place, trial)
        for flaw, got, trial in zip(flaws, given, trials, strict=True)
        if flaw is not None and type(got) is Tensor and flaw.kind in ("value", "shape")
    ]
    cause = diagnose(wrong, names, reference, allowed)
    if (
        cause is None
        and len(wrong) >= FEWEST
        and all(near_in_shape(one.got, one.trial.cotangents[0], allowed) for one in wrong)
    ):
        cause = _PASSED_THROUGH
    if cause is None:
        return first.text
    if first.kind == "value":
        return cause
    return Text.own(f"{first.text.en}: it {cause.en}", f"{first.text.fr} : il {cause.fr}", cause.mistake)


def _in_shape(got: Tensor, right: Tensor) -> Tensor:
    return got.reshape(right.shape) if got.numel() == right.numel() else got


def require_output(output: object, right: Tensor, allowed: Tolerance, where: str) -> None:
    """Require a result of ``forward`` to have the formula's value and shape.

    Raises:
        CheckFailed: it does not.
    """
    shape = Text.own("a scalar (0 dimensions)", "celle d'un scalaire (0 dimension)")
    if right.ndim:
        shape = Text.own("the shape of the statement", "celle de l'énoncé")
    flaw = flaw_in(output, Due(right, shape), allowed)
    if flaw is not None:
        fail(
            f"The result of `{where}` {flaw.text.en}.",
            f"Le résultat de `{where}` {flaw.text.fr}.",
            mistake=flaw.text.mistake,
        )


def require_outputs(
    given: Sequence[object],
    trials: Sequence[Trial],
    names: Sequence[str],
    reference: Reference,
    allowed: Tolerance,
    where: str,
) -> None:
    """Require results of ``forward`` to be right in every trial, and name the mistake if it is a usual one.

    Args:
        given: the student's result for each trial.
        trials, reference: what is right.
        names: of the formula's variables.
        where: the method, for the message.

    Raises:
        CheckFailed: one is wrong.
    """
    wrong: list[tuple[Tensor, Trial]] = []
    first: CheckFailed | None = None
    for got, trial in zip(given, trials, strict=True):
        try:
            require_output(got, trial.outputs[0], allowed, where)
        except CheckFailed as failed:
            first = first or failed
            if type(got) is Tensor:
                wrong.append((got, trial))
    if first is None:
        return
    cause = diagnose_output([got for got, _ in wrong], [trial for _, trial in wrong], names, reference)
    if cause is None or first.text.mistake:
        raise first
    fail(f"The result of `{where}` {cause.en}.", f"Le résultat de `{where}` {cause.fr}.", mistake=cause.mistake)


def require_special(given: Sequence[object], right: Sequence[Tensor], allowed: Tolerance, where: str) -> None:
    """Require results of ``forward`` to be right at special points, see `Reference.special`, too.

    Raises:
        CheckFailed: one is wrong.
    """
    if not all(near_in_shape(got, due, allowed) for got, due in zip(given, right, strict=True)):
        fail(
            f"The result of `{where}` is wrong, or not finite, {SPECIAL.en}; elsewhere it is right.",
            f"Le résultat de `{where}` est faux, ou n'est pas fini, {SPECIAL.fr} ; ailleurs il est juste.",
        )


def require_dtype(
    results: Mapping[str, object],
    plain: Mapping[str, object],
    dtype: torch.dtype,
    device: torch.device,
    label: str,
) -> None:
    """Require results to have the dtype of what went in, and the values that `plain` has, to that dtype's precision.

    Raises:
        CheckFailed: one does not.
    """
    allowed = tolerance(device, dtype)
    words = str(dtype).removeprefix("torch.")
    for name, value in results.items():
        got = tensor_of(value, label, name)
        kind = str(got.dtype).removeprefix("torch.")
        require(
            got.dtype == dtype,
            f"For {words} inputs, `{label}` gives {kind} ({name}): keep the dtype of the inputs.",
            f"Pour des entrées {words}, `{label}` donne {kind} ({name}) : gardez le type des entrées.",
            mistake="dtype",
        )
        require(
            near_in_shape(got, plain[name], allowed),
            f"For {words} inputs, `{label}` gives other values ({name}).",
            f"Pour des entrées {words}, `{label}` donne d'autres valeurs ({name}).",
        )


def require_untouched(label: str, name: str, before: Tensor, after: object) -> None:
    """Require a tensor of the session to be as it was handed over.

    Raises:
        CheckFailed: it was changed in place.
    """
    require(
        type(after) is Tensor and torch.equal(after.cpu(), before),
        f"`{label}` changes {name} in place; compute a new tensor instead.",
        f"`{label}` modifie {name} sur place ; calculez plutôt un nouveau tenseur.",
        mistake="in place",
    )


def near_in_shape(got: object, right: object, allowed: Tolerance) -> bool:
    """Say whether two tensors have one shape and are near."""
    both = type(got) is Tensor and type(right) is Tensor and got.shape == right.shape
    return both and near(got, right, allowed)  # type: ignore[arg-type]  # both are tensors


def tensor_of(value: object, label: str, name: str) -> Tensor:
    """Take a tensor of floating point numbers for what it is.

    Raises:
        CheckFailed: it is something else.
    """
    if type(value) is Tensor and value.is_floating_point():
        return value
    return fail(
        f"`{label}` gives no tensor of floating point numbers ({name}), so there is nothing to judge here.",
        f"`{label}` ne donne pas un tenseur de nombres à virgule ({name}) : il n'y a rien à juger ici.",
    )


def method_of(module: object, name: str, label: str) -> CallableProxy:
    """Fetch a method of an object of the session.

    Raises:
        CheckFailed: it has none of that name.
    """
    method = getattr(module, name)
    if isinstance(method, CallableProxy):
        return method
    return fail(f"`{label}.{name}` is no method.", f"`{label}.{name}` n'est pas une méthode.")


def put(recipe: Recipe, tensor: Tensor, transposed: bool) -> Step:
    """Put a copy of a tensor into the session; with `transposed`, one that is not contiguous there."""
    if not transposed or tensor.ndim < 2:
        return recipe.make("torch:clone", tensor)
    stored: Step = recipe.make("torch:clone", tensor.T.contiguous()).T
    return stored


def cast(tensors: Sequence[Tensor], dtype: torch.dtype) -> tuple[Tensor, ...]:
    """Cast floating point tensors; whole numbers stay as they are."""
    return tuple(tensor.to(dtype) if tensor.is_floating_point() else tensor for tensor in tensors)


def fail_autograd(where: str, without: CheckFailed) -> NoReturn:
    """Fail a backward that is right only where torch differentiates for it."""
    fail(
        f"`{where}` uses autograd: write the derivative by hand.",
        f"`{where}` utilise la différentiation automatique : écrivez la dérivée à la main.",
        detail=f"{without.text.en} {without.detail}",
        mistake="autograd",
    )


def fail_raising_layout(label: str, raised: StudentRaised) -> NoReturn:
    """Fail a module that raises for inputs of another memory layout."""
    fail(
        f"`{label}` raises when its inputs are transposed views: `reshape` works there, `view` does not.",
        f"`{label}` lève une exception quand ses entrées sont des vues transposées : `reshape` y fonctionne, `view` "
        "non.",
        detail=raised.detail,
        mistake="layout",
    )


def fail_layout(label: str) -> NoReturn:
    """Fail a module whose results change with the memory layout of its inputs."""
    fail(
        f"`{label}` gives other results when its inputs are transposed views.",
        f"`{label}` donne d'autres résultats quand ses entrées sont des vues transposées.",
        mistake="layout",
    )


def require_lasting(label: str, last: Mapping[str, object], right: Mapping[str, Tensor], allowed: Tolerance) -> None:
    """Require what the last of many passes gave to be right still, by name.

    Raises:
        CheckFailed: a module counts its calls, or wears out.
    """
    for name, value in last.items():
        require(
            near_in_shape(value, right[name], allowed),
            f"After many passes, `{label}` gives a wrong result ({name}), although it was right before.",
            f"Après beaucoup de passes, `{label}` donne un résultat faux ({name}), alors qu'il était juste avant.",
        )
