"""Checkpoints are judged by the training that they resume; what is missing fails the questions that are about it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from pupils import Pupil

from gradjudge.checks.instruments import generator, make, optimizer
from gradjudge.checks.modules.networks import load_parameters, parameters_of
from gradjudge.checks.recipes import Recipe
from gradjudge.checks.training.checkpoints import Checkpoints, Trainee, TrainingActions
from gradjudge.checks.verdict import CheckFailed, Text
from gradjudge.judge.proxy.student import Student

SOURCE = """
import os, pathlib, pickle
import torch

def train(model, loader, optimizer, epochs, start):
    for _ in range(start, epochs):
        for (x,) in loader:
            optimizer.zero_grad()
            ((model(x) - x[:, :1]) ** 2).mean().backward()
            optimizer.step()

def write(state, path):
    torch.save(state, path + ".part")
    os.replace(path + ".part", path)

def save(path, model, optimizer, epoch, generator):
    {save}

def load(path, model, optimizer, generator):
    state = torch.load(path)
    {load}
"""
STATE = (
    "{'model': model.state_dict(), 'optimizer': optimizer.state_dict(), 'epoch': epoch, 'rng': generator.get_state()}"
)
MODEL = "model.load_state_dict(state['model'])"
OPTIMIZER = "optimizer.load_state_dict(state['optimizer'])"
GENERATOR = "generator.set_state(state['rng'])"
DONE = "return state['epoch']"
WHY = Text.own("Why.", "Pourquoi.")
ROWS = torch.randn(10, 3, generator=torch.Generator().manual_seed(5))


def checkpoints(save: str, load: tuple[str, ...], rule: str, shuffle: bool, source: str = SOURCE) -> Checkpoints:
    """Build the check of a student whose functions are made of these pieces."""
    pupil = Pupil()
    pupil.define(source.replace("{save}", save).replace("{load}", "\n    ".join(load)))
    student = Student(pupil.ask)

    def fresh(number: int) -> Trainee:
        model, seeded = make(student, "torch.nn:Linear", 3, 1), generator(student, number)
        start = torch.Generator().manual_seed(number)
        values = {"weight": torch.randn(1, 3, generator=start), "bias": torch.randn(1, generator=start)}
        load_parameters(student, model, values)
        recipe = Recipe(student, label="loader")
        order = {"shuffle": True, "generator": recipe.of(seeded)} if shuffle else {}
        rows = recipe.make("torch.utils.data:TensorDataset", ROWS)
        (loader,) = recipe.run(recipe.make("torch.utils.data:DataLoader", rows, 4, **order))
        return Trainee(model, optimizer(student, model, rule, lr=0.1), seeded, loader)

    def train(one: Trainee, epochs: int, start: int) -> None:
        student.train(one.model, one.loader, one.optimizer, epochs, start)

    actions = TrainingActions(
        fresh,
        train,
        parameters=lambda model: parameters_of(student, model),
        place=lambda model, values: load_parameters(student, model, values),
    )
    return Checkpoints(student, student.save, student.load, actions, stem="test")


@pytest.fixture
def judge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., set[str]]:
    """Return the questions that a pair of functions fails, in a folder of its own."""
    monkeypatch.chdir(tmp_path)

    def run(save: str = f"write({STATE}, path)", load: tuple[str, ...] = (MODEL, OPTIMIZER, GENERATOR, DONE),
            source: str = SOURCE) -> set[str]:  # fmt: skip
        def adam() -> Checkpoints:
            return checkpoints(save, load, "Adam", True, source)

        questions: dict[str, Callable[[], Any]] = {
            "model": lambda: adam().require_model(),
            "epochs": lambda: adam().require_epochs(),
            "files": lambda: adam().require_own_files(),
            "adam": lambda: checkpoints(save, load, "Adam", False, source).require_resumed(WHY),
            "shuffled": lambda: checkpoints(save, load, "SGD", True, source).require_resumed(WHY),
            "everything": lambda: adam().require_resumed(WHY),
            "helped": lambda: checkpoints(save, load, "SGD", False, source).require_resumed(WHY, helped=True),
            "atomic": lambda: adam().require_atomic(),
        }
        failed = set()
        for name, question in questions.items():
            try:
                question()
            except CheckFailed:
                failed.add(name)
        return failed

    return run


def test_a_right_pair_passes(judge: Callable[..., set[str]]) -> None:
    """Everything is saved and restored, through another file."""
    assert judge() == set()


def test_other_forms_of_the_file_pass(judge: Callable[..., set[str]]) -> None:
    """A pickled tuple, written through a file object, with the number of epochs as a tensor."""
    source = SOURCE.replace("torch.load(path)", "pickle.loads(pathlib.Path(path).read_bytes())")
    save = f"""state = {STATE}
    with open(path + '~', 'wb') as file:
        pickle.dump({{**state, 'epoch': torch.tensor(epoch)}}, file)
    os.rename(path + '~', path)"""
    assert judge(save, source=source) == set()


@pytest.mark.parametrize(
    ("load", "failed"),
    [
        ((OPTIMIZER, GENERATOR, DONE), {"model", "adam", "shuffled", "everything"}),
        ((MODEL, GENERATOR, DONE), {"adam", "everything"}),
        ((MODEL, OPTIMIZER, DONE), {"shuffled", "everything"}),
        ((MODEL, OPTIMIZER, "generator.manual_seed(0)", DONE), {"shuffled", "everything"}),
        ((MODEL, OPTIMIZER, "torch.Generator().set_state(state['rng'])", DONE), {"shuffled", "everything"}),
        ((MODEL, OPTIMIZER, GENERATOR), {"epochs", "adam", "shuffled", "everything"}),
        ((MODEL, OPTIMIZER, GENERATOR, "return state['epoch'] + 1"), {"epochs", "adam", "shuffled", "everything"}),
        ((MODEL, OPTIMIZER, GENERATOR, "return 3"), {"epochs", "adam", "shuffled", "everything"}),
    ],
)
def test_what_is_not_restored_is_seen(judge: Callable[..., set[str]], load: tuple[str, ...], failed: set[str]) -> None:
    """The optimiser shows with Adam, the generator with shuffled rows."""
    assert judge(load=load) == failed


@pytest.mark.parametrize(
    "save",
    [
        f"torch.save({STATE}, path)",
        f"os.path.exists(path) and os.remove(path); write({STATE}, path)",
        f"write({STATE}, path) if not os.path.exists(path) else torch.save({STATE}, path)",
    ],
)
def test_a_file_that_is_lost_when_writing_fails_is_not_atomic(judge: Callable[..., set[str]], save: str) -> None:
    """Writing straight to the path, or removing the old file first, fails that question alone."""
    assert judge(save) == {"atomic"}


def test_one_file_for_all_paths_is_seen(judge: Callable[..., set[str]]) -> None:
    """Both functions must use the path."""
    source = SOURCE.replace("torch.load(path)", "torch.load('one.pt')")
    assert judge(f"write({STATE}, 'one.pt')", source=source) == {"files", "epochs"}


def test_doing_nothing_earns_nothing(judge: Callable[..., set[str]]) -> None:
    """A pair that neither writes nor reads fails every question but the one that corrects everything."""
    source = SOURCE.replace("torch.load(path)", "None")
    assert judge("pass", ("pass",), source) == {"model", "epochs", "files", "adam", "shuffled", "everything", "atomic"}


def test_a_file_that_cannot_be_loaded_fails_everything(judge: Callable[..., set[str]]) -> None:
    """torch refuses to load a whole module by default."""
    assert len(judge("write({'model': model}, path)")) == 8
