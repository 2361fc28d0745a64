"""Special points: where formulas break, except where they have no value or no gradient."""

from __future__ import annotations

import torch

from gradjudge.checks.functions.references import Formula, Reference


def reference(formula: Formula) -> Reference:
    """Make a reference with a seed."""
    return Reference(formula, torch.Generator().manual_seed(0))


def test_inputs_agree_in_all_or_in_some_places() -> None:
    """For two inputs of one shape there are points where they are equal, with gradients that are judged there."""
    mse = reference(lambda yhat, y: ((yhat - y) ** 2).sum())
    base = mse.example({"yhat": (4, 2), "y": (4, 2)}, torch.float64)
    alike = [(example.inputs[0] == example.inputs[1]).float().mean().item() for example in mse.special(base)]
    assert sorted(alike) == [0.0, 0.0, 0.5, 0.5, 1.0, 1.0]
    assert not any(kink.any() for example in mse.special(base) for kink in example.kinks)
    assert all(torch.equal(example.inputs[1], base.inputs[1]) for example in mse.special(base, fixed=(1,)))


def test_points_without_a_value_are_left_out() -> None:
    """1 / x has no value at 0; log has neither a value nor a gradient."""
    for formula in (lambda x: 1 / x, lambda x: x.abs().log()):
        one = reference(formula)
        special = one.special(one.example({"x": (6,)}, torch.float64))
        assert len(special) == 2
        assert all(example.inputs[0].all() for example in special)


def test_nothing_is_judged_at_a_kink() -> None:
    """Any derivative of ReLU at 0 is accepted; elsewhere it is judged."""
    relu = reference(torch.relu)
    for example in relu.special(relu.example({"x": (4, 3)}, torch.float64)):
        (x,), (kink,) = example.inputs, example.kinks
        assert torch.equal(kink, x == 0)
        given = torch.where(x == 0, torch.nan, 7.0).double()
        judged = example.judged(given, 0)
        assert isinstance(judged, torch.Tensor)
        assert torch.equal(judged, torch.where(kink, example.gradients[0], given))
        assert example.judged(None, 0) is None


def test_numbers_of_classes_stay_whole() -> None:
    """A step to look for kinks turns no class index into another."""
    nll = reference(lambda yhat, y: -yhat[torch.arange(3), y.long()].sum())
    base = nll.at((torch.randn(3, 4).double(), torch.tensor([2, 3, 1])), (torch.ones(()).double(),))
    special = nll.special(base, fixed=(1,))
    assert len(special) == 3
    assert not any(example.kinks[0].any() for example in special)
    assert all(torch.equal(example.inputs[1], base.inputs[1]) for example in special)
