"""Training is judged with the student's own Functions, then with ours, so that a mistake costs only once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from small_course import HIDDEN_TESTS, RIGHT, make_course

from gradjudge.cohort.supervisor import Supervisor
from gradjudge.course.layout import Course
from gradjudge.judge.jobs import Job
from gradjudge.reports.record import ItemResult, Report

COURSE = Course(Path(__file__).parents[2])
Judge = Callable[[str, str], Report]


def judging(supervisor: Supervisor, folder: Path) -> Judge:
    """Judge the text of a script for an assignment."""

    def judge(assignment: str, source: str) -> Report:
        file = folder / "handed-in" / f"{assignment}.py"
        file.parent.mkdir(exist_ok=True)
        file.write_text(source)
        return supervisor.judge(Job("ada", assignment, str(file), "key"))

    return judge


def lost(report: Report) -> dict[str, float]:
    """Return the points that each item has lost."""
    items = report.verdict.items.items()
    return {name: item.max - item.points for name, item in items if item.kind == "auto" and item.points < item.max}


def said(item: ItemResult, language: str = "en") -> str:
    """Return all messages of an item."""
    return "\n".join(check.message.get(language, "") for check in item.checks)


# --- with the student's own, then with ours ---------------------------------------------------------------------------

DIRECT = """    if passed("square"):
        got = student.follow(x)
    else:
        with student.stand_in("Square", params=("x",), formula="x * x"):
            got = student.follow(x)
"""
IN_TURN = """    if not passed("square"):
        instead("Square", student.stand_in("Square", params=("x",), formula="x * x"))
    got = student.follow(x)
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Supervisor]:
    """Start a small course whose last check is judged with the student's Square first."""
    assert DIRECT in HIDDEN_TESTS
    hidden = HIDDEN_TESTS.replace(DIRECT, IN_TURN).replace("test_follow(student, ", "test_follow(student, instead, ")
    with Supervisor(make_course(tmp_path_factory.mktemp("in-turn"), {"lab": hidden}), ("lab",)) as started:
        assert started.problems == []
        yield started


WRONG = RIGHT.replace("return x * x", "return 2 * x * x")


@pytest.mark.parametrize(
    ("source", "points", "judged_with"),
    [
        pytest.param(RIGHT, 2.0, (), id="right"),
        pytest.param(WRONG, 2.0, ("Square",), id="right with ours alone"),
        pytest.param(WRONG.replace("apply(x) + 1", "apply(x) / 2 + 1"), 2.0, (), id="right with its own alone"),
        pytest.param(WRONG.replace("apply(x) + 1", "apply(x) + 5"), 0.0, ("Square",), id="wrong with both"),
        pytest.param(
            RIGHT.replace("return x * x", "import os; os._exit(3)"), 2.0, ("Square",), id="its own is the end"
        ),
    ],
)
def test_the_better_of_the_two(
    small: Supervisor, tmp_path: Path, source: str, points: float, judged_with: tuple[str, ...]
) -> None:
    """Code that is right with its author's Functions or with ours is right."""
    item = judging(small, tmp_path)("lab", source).verdict.items["follow"]
    assert (item.points, item.judged_with) == (points, judged_with)


@pytest.mark.parametrize(
    ("follow", "whose"),
    [
        pytest.param("    return Square.apply(x) + int('?')", "your own `Square`", id="in any case"),
        pytest.param("    raise ValueError", "your own `Square`", id="whatever Square is"),
    ],
)
def test_what_is_raised_says_with_whose_function(small: Supervisor, tmp_path: Path, follow: str, whose: str) -> None:
    """If both ways raise, the student reads the exception with their own Function, and that it is theirs."""
    source = WRONG.replace("    return Square.apply(x) + 1", follow)
    item = judging(small, tmp_path)("lab", source).verdict.items["follow"]
    assert item.points == 0
    assert "ValueError" in said(item)
    assert whose in said(item)
    assert "votre main" in said(item, "fr")


# --- cases of the labs ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def labs() -> Iterator[Supervisor]:
    """Start a supervisor for two labs."""
    with Supervisor(COURSE, ("tp1_functions", "tp2_activations")) as started:
        assert started.problems == []
        yield started


def plain(lab: str) -> str:
    """Return the plain right solution of a lab."""
    return (COURSE.autograder(lab) / "wheats/plain.py").read_text()


def changed(text: str, *changes: tuple[str, str]) -> str:
    """Replace parts of a solution, which must be there."""
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text


LEGACY = (
    ("    @staticmethod\n", ""),
    ("(ctx, ", "(self, "),
    ("ctx.s", "self.s"),
    ("\nmse = MSE.apply\n", "\n\ndef mse(*inputs):\n    return MSE()(*inputs)\n"),
    ("\nlinear = Linear.apply\n", "\n\ndef linear(*inputs):\n    return Linear()(*inputs)\n"),
)
MSE_SETS_UP = (
    ("    def forward(ctx, yhat, y):\n        ctx.save_for_backward(yhat, y)\n", "    def forward(yhat, y):\n"),
    (
        "\n\nmse = MSE.apply\n",
        "\n    @staticmethod\n    def setup_context(ctx, inputs, output):\n        ctx.save_for_backward(*inputs)\n"
        "\n\nmse = MSE.apply\n",
    ),
    (
        "loss = MSE.forward(ctx_mse, Linear.forward(ctx_linear, x, w, b), y)\n",
        "yhat = Linear.forward(ctx_linear, x, w, b)\n    loss = MSE.forward(yhat, y)\n"
        "    MSE.setup_context(ctx_mse, (yhat, y), loss)\n",
    ),
)
COST, GRADIENT = "((yhat - y) ** 2).sum() / yhat.shape[0]\n\n    @", "grad_output * 2 / yhat.shape[0] * (yhat - y)\n"
LINEAR_GRADIENTS = "return grad_output @ w.T, x.T @ grad_output, grad_output.sum(0).reshape(b.shape)\n"
BOTH_GRADIENTS = {"mse.dyhat": 4.0, "mse.dy": 3.0}
NO_LINEAR_GRADIENT = {"linear.dx": 4.0, "linear.dw": 4.0, "linear.db": 4.0, "linear.b_row": 2.0}
CASES = {
    "gradients in a list": (
        [("return dyhat, -dyhat\n\n\nmse =", "return [dyhat, -dyhat]\n\n\nmse =")],
        BOTH_GRADIENTS,
    ),
    "instances of 2017": (LEGACY, {"mse.forward": 0.5, "linear.forward": 0.5}),
    "setup_context without the factor 2": (
        [*MSE_SETS_UP, (GRADIENT, GRADIENT.replace(" * 2", ""))],
        BOTH_GRADIENTS,
    ),
    "no name for apply": ([("\nmse = MSE.apply\n", "\n"), ("mse(linear(", "MSE.apply(linear(")], {"mse.forward": 0.5}),
    "a class where its apply is due, half a gradient": (
        [
            ("\nlinear = Linear.apply\n", "\nlinear = Linear\n"),
            ("mse(linear(", "mse(linear.apply("),
            (LINEAR_GRADIENTS, LINEAR_GRADIENTS.replace("x.T @ grad_output", "x.T @ grad_output / 2")),
        ],
        {"linear.forward": 0.5, "linear.dw": 4.0},
    ),
    "a Linear that ends the process": (
        [("        return x @ w + b\n", "        import os; os._exit(3)\n")],
        {"linear.forward": 3.0, "linear.dx": 4.0, "linear.dw": 4.0, "linear.db": 4.0, "linear.b_row": 2.0},
    ),
    "a cost of shape (1,)": ([(COST, COST.replace("sum()", "sum().reshape(1)"))], {"mse.forward": 4.0}),
    "a mean, and a Linear without gradients": (
        [
            (COST, COST.replace("shape[0]", "numel()")),
            (GRADIENT, GRADIENT.replace("shape[0]", "numel()")),
            (LINEAR_GRADIENTS, "return None, None, None\n"),
        ],
        {"mse.forward": 4.0, "mse.dyhat": 2.0, "mse.dy": 1.5, **NO_LINEAR_GRADIENT},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_case_of_the_first_lab(labs: Supervisor, tmp_path: Path, name: str) -> None:
    """A mistake costs its points and no others."""
    changes, price = CASES[name]
    report = judging(labs, tmp_path)("tp1_functions", changed(plain("tp1_functions"), *changes))
    assert lost(report) == price


def test_a_legacy_function_gets_advice(labs: Supervisor, tmp_path: Path) -> None:
    """Instances cannot be called: the message says to use apply and a static forward."""
    report = judging(labs, tmp_path)("tp1_functions", changed(plain("tp1_functions"), *LEGACY))
    assert "static `forward`" in said(report.verdict.items["mse.forward"])
    assert "statiques" in said(report.verdict.items["linear.forward"], "fr")
