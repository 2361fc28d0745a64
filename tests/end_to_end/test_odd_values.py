"""Whatever kind of value a student's function returns or keeps, the hidden tests judge it: no item is ungraded.

The right solution of each lab is taken, and some of what its functions return or assign to attributes is replaced: by
None, by a text, by the value itself in another shape, type or container. ``GRADJUDGE_ODD_VALUES=200`` tries more.
"""

from __future__ import annotations

import ast
import os
import random
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import pytest

from gradjudge.cohort.supervisor import Supervisor
from gradjudge.course.layout import Course
from gradjudge.judge.jobs import Job
from gradjudge.reports.lines import ungraded_reasons
from gradjudge.reports.record import Report

COURSE = Course(Path(__file__).parents[2])
LABS = tuple(COURSE.rubric.assignments)
#: Submissions for each lab.
TRIED = int(os.environ.get("GRADJUDGE_ODD_VALUES", "4"))

#: Ways to spoil a value `v`; `t` is True where it is a tensor.
ODD = {
    "none": "None",
    "text": "'seven'",
    "integer": "7",
    "huge": "10 ** 400",
    "number": "0.5",
    "complex": "1j",
    "flag": "True",
    "empty list": "[]",
    "dictionary": "{'loss': 1.0}",
    "object": "object()",
    "function": "lambda *_: v",
    "nan": "v * float('nan')",
    "infinite": "v * 0 + float('inf')",
    "scalar tensor": "torch.tensor(0.5)",
    "of no row": "torch.zeros(0)",
    "of texts": "['a', 'b', 'c']",
    "in a list": "[v]",
    "in a pair": "(v, v)",
    "one less": "v[:-1]",
    "flat": "v.reshape(-1)",
    "deeper": "v[None]",
    "a column": "v.reshape(-1, 1)",
    "turned": "v.transpose(0, -1)",
    "doubled": "torch.cat([v, v])",
    "summed": "v.sum()",
    "of whole numbers": "v.long()",
    "of flags": "v > 0",
    "complex tensor": "v.to(torch.complex64)",
    "half precision": "v.half()",
    "sparse": "v.to_sparse()",
    "meta": "v.to('meta')",
    "numpy": "v.detach().numpy()",
    "list of numbers": "v.tolist()",
    "detached": "v.detach()",
    "a leaf": "v.detach().clone().requires_grad_()",
    "a parameter": "torch.nn.Parameter(v.detach().double())",
}

SPOIL = """
def _{number}(v):
    import torch
    try:
        return {expression}
    except Exception:
        if type(v) in (list, tuple):
            return type(v)(_{number}(one) for one in v)
        return None

"""


class Odd(NamedTuple):
    """The n-th value that a solution's functions return or keep, and how it is spoilt."""

    place: int
    function: str
    how: str


class _Values(ast.NodeTransformer):
    """Find what functions return and assign to attributes; spoil those that are named."""

    def __init__(self, odd: Sequence[Odd] = ()) -> None:
        self.found: list[str] = []  # the functions that they stand in
        self._odd = {one.place: number for number, one in enumerate(odd)}
        self._inside: list[str] = []

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return self._within(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._within(node)

    def _within(self, node: ast.ClassDef | ast.FunctionDef) -> ast.AST:
        self._inside.append(node.name)
        self.generic_visit(node)
        self._inside.pop()
        return node

    def visit_Return(self, node: ast.Return) -> ast.AST:
        if isinstance(node.value, ast.Tuple):
            node.value.elts = [self._spoilt(one) for one in node.value.elts]
        if node.value is not None:
            node.value = self._spoilt(node.value)
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        if self._inside and any(isinstance(target, ast.Attribute) for target in node.targets):
            node.value = self._spoilt(node.value)
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        """Make an assignment of it, if it is spoilt."""
        if self._inside and isinstance(node.target, ast.Attribute):
            value = self._spoilt(node.value)
            if value is not node.value:
                return ast.Assign([node.target], value)
        return node

    def _spoilt(self, node: ast.expr) -> ast.expr:
        self.found.append(".".join(self._inside))
        number = self._odd.get(len(self.found) - 1)
        return node if number is None else ast.Call(ast.Name(f"_{number}", ast.Load()), [node], [])


def draws(source: str, drawn: random.Random) -> Iterator[list[Odd]]:
    """Yield the values to spoil in each submission: one in about every third function."""
    values = _Values()
    values.visit(ast.parse(source))
    places = {name: [place for place, other in enumerate(values.found) if other == name] for name in values.found}
    while True:
        names = [name for name in places if drawn.random() < 1 / 3]
        yield [Odd(drawn.choice(places[name]), name, drawn.choice(list(ODD))) for name in names]


def spoilt(source: str, odd: Sequence[Odd]) -> str:
    """Return the solution with these values spoilt; a way that does not suit a value makes it None."""
    tree = _Values(odd).visit(ast.parse(source))
    helpers = "".join(SPOIL.format(number=number, expression=ODD[one.how]) for number, one in enumerate(odd))
    return helpers + ast.unparse(ast.fix_missing_locations(tree)) + "\n"


@pytest.fixture(scope="module")
def supervisor() -> Iterator[Supervisor]:
    """Start one supervisor for all labs."""
    with Supervisor(COURSE, LABS) as started:
        assert started.problems == []
        yield started


def judged(supervisor: Supervisor, lab: str, odd: Sequence[Odd], folder: Path) -> Report:
    """Judge the lab's solution with these values spoilt."""
    folder.mkdir(parents=True)
    file = folder / f"{lab}.py"
    file.write_text(spoilt((COURSE.wheats(lab) / "plain.py").read_text(encoding="utf-8"), odd), encoding="utf-8")
    return supervisor.judge(Job("odd", lab, str(file), ""))


def ungraded(report: Report) -> list[str]:
    """Return the ungraded checks, and why."""
    return [*report.ungraded, *report.run.faults, *ungraded_reasons(report)] if report.ungraded else []


@pytest.mark.parametrize("lab", LABS)
def test_no_odd_value_leaves_a_check_ungraded(lab: str, supervisor: Supervisor, tmp_path: Path) -> None:
    """A wrong value of any kind is the student's mistake."""
    source = (COURSE.wheats(lab) / "plain.py").read_text(encoding="utf-8")
    tried = list(islice(draws(source, random.Random(lab)), TRIED))
    assert sum(map(len, tried)) > TRIED
    with ThreadPoolExecutor(2) as pool:
        reports = pool.map(lambda one: judged(supervisor, lab, tried[one], tmp_path / str(one)), range(TRIED))
    found = {repr(odd): ungraded(report) for odd, report in zip(tried, reports, strict=True)}
    assert {odd: why for odd, why in found.items() if why} == {}


#: Honest mistakes and odd habits that once left a check ungraded: text of the solution, and what stands there instead.
SEEN: dict[str, tuple[str, dict[str, str]]] = {
    "a gradient is kept unsummed": ("tp5_mlp", {"self.b.grad += delta.sum(0)": "self.b.grad = delta"}),
    "single precision is flattened": (
        "tp5_mlp",
        {"return x * self.mask": "return x * self.mask if x.dtype == torch.float64 else (x * self.mask).reshape(-1)"},
    ),
    "everything is cast to single precision": (
        "tp3_optim",
        {
            "loss_fn=nn.MSELoss()):\n    history = []": "loss_fn=nn.MSELoss()):\n    history = []\n    model.float()",
            "loss = loss_fn(model(x), y)": "loss = loss_fn(model(x.float()), y.float())",
        },
    ),
    "theta is a number": (
        "tp4_autoencoder",
        {
            "torch.empty(latent, inputs)": "torch.tensor(0.5)",
            "        nn.init.kaiming_uniform_(self.theta, a=5**0.5)\n": "",
        },
    ),
}


@pytest.mark.parametrize("case", SEEN)
def test_former_ungraded_cases_are_judged(case: str, supervisor: Supervisor, tmp_path: Path) -> None:
    """Whether they cost points or not."""
    lab, changes = SEEN[case]
    source = (COURSE.wheats(lab) / "plain.py").read_text(encoding="utf-8")
    for old, new in changes.items():
        assert old in source
        source = source.replace(old, new)
    file = tmp_path / f"{lab}.py"
    file.write_text(source, encoding="utf-8")
    assert ungraded(supervisor.judge(Job("odd", lab, str(file), ""))) == []
