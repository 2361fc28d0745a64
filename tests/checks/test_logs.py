"""Curves are read from what a real SummaryWriter wrote in the session, and judged here."""

from __future__ import annotations

import os
import struct
import time
from pathlib import Path

import pytest
import torch
from torch.utils.tensorboard import SummaryWriter

from gradjudge.checks.instruments import generator, kept, look, summary_writer
from gradjudge.checks.training.logs import (
    Image,
    Point,
    curves,
    images,
    read_curves,
    read_images,
    require_curves,
    require_end,
)
from gradjudge.checks.verdict import CheckFailed
from gradjudge.judge.proxy.student import Student
from gradjudge.session.answer.answers import Answers
from gradjudge.wire.messages import Answer, CellDone, Handle, Reply, Request, RunCell

CODE = """
import torch

def log(writer, epochs, tags=("Loss/train", "loss/TEST")):
    for epoch in range(epochs):
        for tag in tags:
            writer.add_scalar(tag, 1.0 / (epoch + 1), epoch)

def draw(writer, count):
    for step in range(count):
        writer.add_image("Reconstructions/Digits", torch.rand(1, 8, 40), step)

def shuffle(generator):
    return torch.randperm(50, generator=generator)

def spoil(w):
    w -= 1
    return None
"""


class Names:
    """A student's names, as a namespace of the session holds them."""

    def __init__(self) -> None:
        self.names: dict[str, object] = {}
        exec(CODE, self.names)  # noqa: S102  the test's own code

    def run(self, cell: RunCell) -> CellDone:
        """Run nothing: the code has already run."""
        raise NotImplementedError


@pytest.fixture
def student(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Student:
    """Answer in this process, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return Student(Answers(Names()).answer)


@pytest.mark.filterwarnings("ignore")
def test_a_writer_in_the_session_is_read_back(student: Student) -> None:
    """The student's function gets a real SummaryWriter; its points come back by tag, in lower case."""
    student.log(summary_writer(student, "curves"), 5)
    found = curves(student, "curves")
    assert sorted(found) == ["loss/test", "loss/train"]
    assert [step for step, _ in found["loss/train"]] == [0, 1, 2, 3, 4]
    require_curves(found, ["Loss/train", "Loss/test"], 5)
    require_end(found, "Loss/train", 0.2)


def test_no_event_files_are_no_curves(student: Student) -> None:
    """Writing nothing is a plain failure."""
    with pytest.raises(CheckFailed, match="Loss/train"):
        require_curves(curves(student, "curves"), ["Loss/train"], 5)


def test_a_generator_in_the_session_fixes_the_order(student: Student) -> None:
    """Two generators with the same seed give the same order, another seed gives another."""
    first, second, other = (student.shuffle(generator(student, seed)) for seed in (1, 1, 2))
    assert torch.equal(first, second)
    assert not torch.equal(first, other)


def test_a_kept_tensor_shows_changes_in_place(student: Student) -> None:
    """What a function does to its argument shows in the object that stays in the session."""
    held = kept(student, torch.zeros(2))
    assert torch.equal(look(held), torch.zeros(2))  # type: ignore[arg-type]
    student.spoil(held)
    assert torch.equal(look(held), -torch.ones(2))  # type: ignore[arg-type]


def falling(count: int, first: int = 0) -> list[Point]:
    """Make a falling curve."""
    return [(step, 1.0 / (step + 1)) for step in range(first, first + count)]


@pytest.mark.parametrize("points", [falling(5), falling(4), falling(6), falling(5, first=1)])
def test_one_point_per_epoch_more_or_less(points: list[Point]) -> None:
    """Steps from 0 or 1, one point more or fewer, are all right."""
    require_curves({"loss/train": points}, ["Loss/train"], 5)


@pytest.mark.parametrize(
    "points",
    [
        [],
        falling(3),
        falling(9),
        [(0, 1.0)] * 5,
        [(step, value) for step, (_, value) in zip((4, 3, 2, 1, 0), falling(5), strict=True)],
        [(step, 1.0) for step in range(5)],
        [(step, -1.0 / (step + 1)) for step in range(5)],
        [(step, float("nan")) for step in range(5)],
    ],
)
def test_what_is_no_falling_curve_fails(points: list[Point]) -> None:
    """Too few points, too many, all at one step, backwards, flat, rising and NaN."""
    with pytest.raises(CheckFailed):
        require_curves({"loss/train": points}, ["Loss/train"], 5)


@pytest.mark.parametrize("value", [0.2, 1.0, float("nan")])
def test_a_curve_that_ends_elsewhere_fails(value: float) -> None:
    """The last point must be near the cost that is known on this side."""
    with pytest.raises(CheckFailed):
        require_end({"loss/train": [(0, 2.0), (1, value)]}, "Loss/train", 0.5)


@pytest.mark.parametrize("answer", [None, [], {"a": 3}, {"a": [3]}, {"a": [(1.0, 2.0)]}, {"a": [("0", 2.0)]}, {1: []}])
def test_an_answer_of_another_kind_fails(answer: object) -> None:
    """The session is not trusted to answer with curves."""
    with pytest.raises(CheckFailed):
        read_curves(answer)


@pytest.mark.filterwarnings("ignore")
def test_runs_are_told_apart(student: Student) -> None:
    """If several runs have a tag, the latest gets its plain name; a writer may still be open."""
    writers = [SummaryWriter(f"runs/{run}") for run in ("old", "new")]
    for number, writer in enumerate(writers):
        for step in range(3):
            writer.add_scalar("Loss/train", step + number / 2, step)
        writer.add_text("note", "x")
        writer.flush()
        time.sleep(0.05)
    writers[0].add_scalar("old", 1.0)
    for file, at in ((next(Path("runs/old").iterdir()), 1), (next(Path("runs/new").iterdir()), 2)):
        file.touch()
        os.utime(file, (at, at))
    os.chdir("runs")  # as a student's function may: the folder is still the session's
    assert curves(student, "runs/new") == {"loss/train": [(0, 0.5), (1, 1.5), (2, 2.5)]}
    assert curves(student, "runs")["old"] == [(0, 1.0)]
    assert curves(student, "nothing") == {}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("tail", [b"\xff" * 30, b"\x05", struct.pack("<Q", 1 << 62) + bytes(64), bytes(11)])
def test_damaged_event_files_are_read_as_far_as_they_go(student: Student, tail: bytes) -> None:
    """A record that is truncated, or lies about its length, ends its file."""
    student.log(summary_writer(student, "runs"), 3, ("a",))
    assert len(curves(student, "runs")["a"]) == 3
    (file,) = Path("runs").iterdir()
    with file.open("ab") as stream:
        stream.write(tail)
    assert len(curves(student, "runs")["a"]) == 3


def test_records_that_are_no_events_fail_the_check(student: Student) -> None:
    """Unreadable records raise in the session, like the student's code."""
    Path("runs").mkdir()
    (Path("runs") / "events.out.tfevents.1").write_bytes(struct.pack("<Q", 3) + bytes(4) + b"\xff\xff\xff" + bytes(4))
    with pytest.raises(CheckFailed, match="`TensorBoard`"):
        curves(student, "runs")


@pytest.mark.parametrize("value", [None, (), (1,), (Handle(1, "object"),), (Handle(1, "class"),) * 2, [1]])
def test_what_is_defined_must_come_back(value: object) -> None:
    """The session is not trusted to define what it is asked for."""

    def ask(request: Request) -> Reply:
        return Answer(value)

    with pytest.raises(CheckFailed, match="no usable answer for `TensorBoard`"):
        images(Student(ask), "pictures")


@pytest.mark.filterwarnings("ignore")
def test_images_are_read_back_with_their_sizes(student: Student) -> None:
    """Images and scalars of a folder are told apart; no pixel crosses. (A writer makes three channels out of one.)"""
    writer = summary_writer(student, "pictures")
    student.draw(writer, 2)
    student.log(writer, 1)
    assert images(student, "pictures") == {"reconstructions/digits": [Image(0, 8, 40, 3), Image(1, 8, 40, 3)]}
    assert sorted(curves(student, "pictures")) == ["loss/test", "loss/train"]


@pytest.mark.parametrize(
    "value", [None, {"a": 1}, {"a": [(1, 2, 3)]}, {"a": [(1, 2, 3, 4.0)]}, {"a": [(1, 2, 3, True)]}]
)
def test_images_that_are_none_fail_the_check(value: object) -> None:
    """The session's account of its files is not trusted."""
    with pytest.raises(CheckFailed, match="cannot be read"):
        read_images(value)
