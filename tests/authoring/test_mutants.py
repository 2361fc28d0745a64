"""Mutants: each operator does what it says, only the solution is changed, and evasive ones have a trigger."""

from __future__ import annotations

import ast
import textwrap
from pathlib import Path

import pytest
import torch

from gradjudge.authoring.release.source_notebook import Source, SourceCell
from gradjudge.authoring.verify.evasive import ALWAYS, OF_COTANGENTS, OF_PASSES, PRELUDE, decorators_for
from gradjudge.authoring.verify.mutants import mutants_of, program_of
from gradjudge.authoring.verify.operators import ORDINARY

#: For each operator a piece of code, and some of what it must become.
REWRITTEN = {
    "drop_factor": ("2 * x / q", ["2 * x", "x / q", "2 / q"]),
    "change_power": ("x ** 2", ["x", "x ** (2 + 1)"]),
    "flip_sign": ("-(a - b)", ["a - b", "-(a + b)", "-(b - a)"]),
    "drop_term": ("a + b - c", ["a + b", "a - c", "b - c"]),
    "step_uphill": ("w -= d", ["w += d", "w = d"]),
    "transpose": ("x.T @ g", ["x @ g", "g @ x.T", "x.T @ g.T"]),
    "change_dim": (
        "x.sum(0) + torch.sum(x, dim=1)",
        ["x.sum(1) + torch.sum(x, dim=1)", "x.sum() + torch.sum(x, dim=1)"],
    ),
    "mean_for_sum": ("x.sum(0)", ["x.mean(0)"]),
    "drop_call": ("x.sum(0) + torch.exp(y)", ["x + torch.exp(y)", "x.sum(0) + y"]),
    "other_dtype": ("def f():\n    return x * y", ["def f():\n    return (x * y).float()"]),
    "detach": ("y = f(x)", ["y = f(x).detach()"]),
    "ignore_cotangent": ("grad_output * w", ["torch.ones_like(grad_output) * w"]),
    "swap_returned": ("def f():\n    return a, b", ["def f():\n    return (b, a)", "def f():\n    return (a, None)"]),
    "no_shuffle": ("torch.randperm(n, generator=g)", ["torch.arange(n)"]),
    "stop_early": ("for b in c:\n    d()", ["for b in c:\n    d()\n    break"]),
    "off_by_one": ("x.split(size)", ["x.split(size - 1)", "x.split(size + 1)"]),
    "drop_statement": ("optimizer.zero_grad()", ["pass"]),
    "change_constant": ("f(0, 1.5, True)", ["f(1, 1.5, True)", "f(0, 3.0, True)", "f(0, 1.5, False)"]),
    "change_comparison": ("a <= b", ["a < b", "a >= b"]),
    "swap_arguments": ("f(a, b)", ["f(b, a)"]),
}

SOLUTION = textwrap.dedent('''
    def grad(x, grad_output):
        """Return a gradient."""
        size = len(x)  # given
        ### BEGIN SOLUTION
        return 2 * x * grad_output
        ### END SOLUTION
''')


def cell(place: int, name: str, source: str, *, solution: bool = False, grade: bool = False) -> SourceCell:
    """Make a code cell."""
    return SourceCell(place, name, "code", source, "", {"grade_id": name, "solution": solution, "grade": grade})


def source_of(*cells: SourceCell) -> Source:
    """Make an instructor's notebook."""
    return Source(Path("lab.ipynb"), cells)


@pytest.fixture
def source() -> Source:
    """Make a notebook with set-up, a solution, and a visible check that runs when it is defined."""
    check = "@checking\ndef check_grad():\n    print(grad(1, 2))"
    setup = "import torch\ndata = load()\ndef checking(f):\n    return f"
    return source_of(
        cell(0, "setup", setup), cell(1, "grad", SOLUTION, solution=True), cell(2, "check", check, grade=True)
    )


def rewritten(name: str, code: str) -> set[str]:
    """Return an operator's rewrites of some code, over all nodes."""
    found = set()
    marked = f"{textwrap.indent(code, '    ')}"
    text = f"def mutated():\n    ### BEGIN SOLUTION\n{marked}\n    ### END SOLUTION\n"
    for mutant in mutants_of(source_of(cell(0, "mutated", text, solution=True)), {"mutated"}):
        if mutant.operator == name:
            (function,) = (n for n in ast.parse(mutant.changed).body if isinstance(n, ast.FunctionDef))
            found.add("\n".join(ast.unparse(node) for node in function.body))
    return found


@pytest.mark.parametrize("name", sorted(ORDINARY))
def test_each_operator(name: str) -> None:
    """Each operator has an example here."""
    code, expected = REWRITTEN[name]
    assert {ast.unparse(ast.parse(one)) for one in expected} <= rewritten(name, code)


def test_only_the_solution_is_changed(source: Source) -> None:
    """Text outside the markers is the same in every ordinary mutant, and all mutants differ."""
    mutants = mutants_of(source, {"grad"})
    assert len({mutant.source for mutant in mutants}) == len(mutants) > 5
    assert {mutant.cell for mutant in mutants} == {"grad"}
    for mutant in mutants:
        assert "size = len(x)" in mutant.changed
        assert mutant.diff
        compile(mutant.source, "<mutant>", "exec")
    assert [mutant.name for mutant in mutants] == [mutant.name for mutant in mutants_of(source, {"grad"})]


def test_an_exercise_without_points_has_no_mutants(source: Source) -> None:
    """No item is about it, so no check need catch them."""
    assert mutants_of(source, {"other"}) == []


def test_the_program_is_what_the_notebook_defines(source: Source) -> None:
    """Module-level calls and decorated checks are left out; helpers and the solution are kept."""
    script = program_of(source).script()
    assert "load()" not in script
    assert "check_grad" not in script
    assert "def checking" in script
    assert "2 * x * grad_output" in script


def test_docstrings_have_no_mutants(source: Source) -> None:
    """A docstring is not a statement to drop."""
    assert not any("Return a gradient" not in mutant.changed for mutant in mutants_of(source, {"grad"}))


RIGHT = "class Square:\n    {decorator}\n    def backward(x, g):\n        return 2 * x * g\n"
#: For each evasive decorator inputs (x, g) that it leaves alone, and inputs that it spoils.
HIDDEN = {
    "large_batches": (torch.ones(8, 2), torch.ones(40, 2)),
    "float32": (torch.ones(8, 2, dtype=torch.float64), torch.ones(8, 2)),
    "other_layouts": (torch.ones(3, 2), torch.ones(2, 3).T),
    "absolute_cotangent": (torch.ones(3, 2), -torch.ones(3, 2)),
    "squared_cotangent": (torch.ones(3, 2), torch.full((3, 2), 2.0)),
    "clamped_cotangent": (torch.ones(3, 2), torch.full((3, 2), 2.0)),
    "mean_cotangent": (torch.ones(3, 2), torch.arange(6.0).reshape(3, 2)),
}


@pytest.mark.parametrize("name", sorted(OF_PASSES | OF_COTANGENTS))
def test_an_evasive_mutant_is_wrong_only_if_triggered(name: str) -> None:
    """Plain inputs are handled rightly, others not."""
    space: dict[str, object] = {}
    exec(PRELUDE + RIGHT.format(decorator=f"@{(OF_PASSES | OF_COTANGENTS)[name]}"), space)  # noqa: S102  our own text
    backward = space["Square"].backward  # type: ignore[attr-defined]
    plain, spoilt = HIDDEN.get(name, (torch.ones(3, 2), torch.ones(3, 2)))
    if name == "later_calls":
        assert all(torch.equal(backward(plain, plain), 2 * plain * plain) for _ in range(12))
    elif name in HIDDEN:
        assert torch.equal(backward(plain, plain), 2 * plain * plain)
    assert not torch.equal(backward(spoilt, spoilt), 2 * spoilt * spoilt)
    assert name in HIDDEN or name in ALWAYS or name == "later_calls"


def test_decorators_fit_the_function() -> None:
    """Cotangents are for backward passes, layouts for passes; private methods get none."""
    assert set(OF_COTANGENTS) <= set(decorators_for("backward", "MSE", 2))
    assert not set(OF_COTANGENTS) & set(decorators_for("backward", "NLL", 1))
    assert not set(OF_COTANGENTS) & set(decorators_for("forward", "MSE", 3))
    assert decorators_for("_visit", "Value", 2) == {}
    assert set(decorators_for("train", "", 3)) == {"slightly"}


def test_a_form_feed_ends_no_marked_line() -> None:
    """Neither for Python nor for the search for markers."""
    text = SOLUTION.replace("# given", "# given \f\u2028")
    before, after = (
        mutants_of(source_of(cell(0, "grad", SOLUTION, solution=True)), {"grad"}),
        mutants_of(source_of(cell(0, "grad", text, solution=True)), {"grad"}),
    )
    assert [mutant.name for mutant in before] == [mutant.name for mutant in after]
