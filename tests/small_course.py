"""A small course for end-to-end tests, with limits of half a second."""

from __future__ import annotations

import json
from pathlib import Path

from gradjudge.course.layout import Course

RUBRIC = """
[course]
name = "Small"
languages = ["en", "fr"]
seed = { default = "canary-of-the-seed" }
sandbox = "required"

[limits]
cell_seconds = 0.5
check_seconds = 1.5
submission_seconds = 60
memory_mb = 512
output_kb = 64

[assignments.lab]
title = { en = "Lab", fr = "Labo" }

[assignments.lab.items.double]
points = 3
checks = { double_of_one = 1, double_of_many = 2 }
cells = ["double"]

[assignments.lab.items.square]
points = 4
checks = ["square_value", "square_gradient"]
cells = ["square"]
forbidden = [{ in = ["Square.backward"], calls = ["torch.autograd.grad"] }]
hint = { en = "d(x^2)/dx", fr = "d(x^2)/dx" }

[assignments.lab.items.follow]
points = 2
checks = ["follow"]
needs = ["square"]
cells = ["follow"]

[assignments.lab.items.essay]
points = 5
kind = "manual"
cells = ["essay"]
"""

HIDDEN_TESTS = '''
import pytest
import torch
from gradjudge.checks import FunctionCheck, require

CANARY = "canary-of-the-hidden-tests"


@pytest.mark.item("double")
def test_double_of_one(student):
    """One is doubled.

    fr: Un est doublé.
    """
    require(student.double(1.0) == 2.0, "double(1) is not 2", "double(1) n'est pas 2")


@pytest.mark.item("double")
def test_double_of_many(student, rng, device):
    """Tensors are doubled.

    fr: Les tenseurs sont doublés.
    """
    x = torch.randn(5, generator=rng, dtype=torch.float64).to(device)
    got = student.double(x)
    require(torch.is_tensor(got) and torch.equal(got.to(device), 2 * x), "wrong for a tensor", "faux pour un tenseur")


@pytest.fixture
def square(student, rng, device):
    return FunctionCheck(student.Square, lambda x: x * x, {"x": (4, 3)}, rng=rng, device=device)


@pytest.mark.item("square")
def test_square_value(square):
    """Square is the square.

    fr: Square est le carré.
    """
    square.forward()


@pytest.mark.item("square")
def test_square_gradient(square):
    """The gradient of Square is right.

    fr: Le gradient de Square est juste.
    """
    square.gradient("x")


@pytest.mark.item("follow")
def test_follow(student, passed):
    """What uses Square works.

    fr: Ce qui utilise Square fonctionne.
    """
    x = torch.tensor([3.0])
    if passed("square"):
        got = student.follow(x)
    else:
        with student.stand_in("Square", params=("x",), formula="x * x"):
            got = student.follow(x)
    require(torch.equal(got, torch.tensor([10.0])), "follow(3) is not 10", "follow(3) n'est pas 10")
'''

RIGHT = """
import torch
from torch.autograd import Function

def double(x):
    return 2 * x

class Square(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return 2 * x * grad_output

def follow(x):
    return Square.apply(x) + 1
"""


def make_course(root: Path, hidden: dict[str, str] | None = None) -> Course:
    """Write a course with one assignment per entry of `hidden`: its name and the text of its hidden tests."""
    course_table, assignment_tables = RUBRIC.split("[assignments.lab]")
    rubric = course_table
    for name, tests in (hidden or {"lab": HIDDEN_TESTS}).items():
        rubric += ("[assignments.lab]" + assignment_tables).replace("[assignments.lab", f"[assignments.{name}")
        (root / "autograder" / name).mkdir(parents=True)
        (root / "autograder" / name / f"test_{name}.py").write_text(tests)
    (root / "solutions").mkdir()
    (root / "grading.toml").write_text(rubric)
    (root / "solutions/lab.py").write_text("CANARY = 'canary-of-the-solution'\n" + RIGHT)
    return Course(root)


def notebook(*cells: str) -> str:
    """Make a notebook of code cells."""
    empty: dict[str, object] = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    made = [{**empty, "id": f"c{place}", "source": cell} for place, cell in enumerate(cells)]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": made})
