"""What checks define in the session behaves as what it mimics, and records."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch

from gradjudge.checks.datasets_session import Rows
from gradjudge.checks.training.checkpoints_session import spoil

COURSE = Path(__file__).parents[2]
DEVICES: dict[str, Any] = {"__name__": "session_text"}
exec((COURSE / "autograder/tp4_autoencoder/session.py").read_text(encoding="utf-8"), DEVICES)  # noqa: S102
Elsewhere, elsewhere, moves, device_under = (
    DEVICES[name] for name in ("Elsewhere", "elsewhere", "moves", "device_under")
)
IMAGES = torch.arange(20).reshape(5, 2, 2)


@pytest.mark.parametrize(
    ("use", "read"),
    [
        (lambda rows: len(rows), []),
        (lambda rows: rows.shape, []),
        (lambda rows: rows.size(0), []),
        (lambda rows: rows.reshape(5, -1), []),
        (lambda rows: rows.reshape(5, -1)[2], [2]),
        (lambda rows: rows[3], [3]),
        (lambda rows: rows[-1], [4]),
        (lambda rows: rows[3, 0], [3]),
        (lambda rows: rows[numpy.int64(3)], [3]),
        (lambda rows: rows[torch.tensor(3)], [3]),
        (lambda rows: rows[1:3], [1, 2]),
        (lambda rows: rows[[0, 2]], [0, 2]),
        (lambda rows: rows[:], [0, 1, 2, 3, 4]),
        (lambda rows: rows.reshape(-1), [0, 1, 2, 3, 4]),
        (lambda rows: rows / 16, [0, 1, 2, 3, 4]),
        (lambda rows: rows.float(), [0, 1, 2, 3, 4]),
        (lambda rows: list(rows), [0, 1, 2, 3, 4]),
        (lambda rows: torch.stack(list(rows)), [0, 1, 2, 3, 4]),
        (lambda rows: torch.flatten(rows), [0, 1, 2, 3, 4]),
        (lambda rows: numpy.asarray(rows), [0, 1, 2, 3, 4]),
    ],
)
def test_rows_remember_what_is_read(use: Callable[[Any], Any], read: list[int]) -> None:
    """Lengths, sizes and views read nothing, an index reads its row, and everything else reads all."""
    rows = Rows(IMAGES)
    use(rows)
    assert rows.seen() == read
    assert rows.seen() == []


def test_rows_are_the_images() -> None:
    """What is read is what was passed in."""
    assert torch.equal(Rows(IMAGES)[3], IMAGES[3])
    assert torch.equal(torch.stack(list(Rows(IMAGES))), IMAGES)
    with pytest.raises(IndexError):
        Rows(IMAGES)[5]


@pytest.mark.parametrize(
    "use",
    [
        lambda x: torch.nn.Linear(4, 2)(x),
        lambda x: x - 1,
        lambda x: torch.zeros(3, 4) - x,
        lambda x: torch.nn.Linear(4, 2)(x.float()),
        lambda x: torch.nn.Linear(4, 2)(x.reshape(3, -1)),
        lambda x: x.sum(),
        lambda x: torch.nn.Linear(4, 2)(torch.as_tensor(x)),
    ],
)
def test_nothing_is_computed_across_devices(use: Callable[[Any], Any]) -> None:
    """Computing before moving raises, as it does between devices."""
    with pytest.raises(RuntimeError, match="same device"):
        use(elsewhere(torch.ones(3, 4)))


@pytest.mark.parametrize(
    "move",
    [
        lambda x: x.to("cpu"),
        lambda x: x.to(device=torch.device("cpu")),
        lambda x: x.to(torch.device("cpu"), non_blocking=True),
        lambda x: x.to("cpu", torch.float32),
        lambda x: x.to(torch.zeros(1)),
        lambda x: x.cpu(),
        lambda x: x.view(3, -1).to("cpu"),
        lambda x: x.flatten(1).detach().float().contiguous().to("cpu"),
        lambda x: torch.as_tensor(x, device="cpu"),
        lambda x: torch.asarray(x, device="cpu"),
        lambda x: x.clone().detach().to("cpu"),
        lambda x: torch.empty(3, 4).copy_(x),
    ],
)
def test_what_is_moved_is_an_ordinary_tensor(move: Callable[[Any], Any]) -> None:
    """All ways of moving give a plain tensor with the same numbers."""
    moves()
    moved = move(elsewhere(torch.ones(3, 4)))
    assert (moves(), moves()) == (1, 0)
    assert type(moved) is torch.Tensor
    assert torch.equal(moved, torch.ones(3, 4))


def test_a_tensor_on_another_device_can_be_inspected() -> None:
    """Sizes and types are known without moving; the device is another one than the model's."""
    away = elsewhere(torch.ones(3, 4))
    assert (len(away), away.shape, away.size(1), away.dtype) == (3, (3, 4), 4, torch.float32)
    assert away.device != torch.device("cpu")
    assert type(away.to(torch.float64)) is Elsewhere


@pytest.mark.parametrize(
    ("cuda", "mps", "kind"), [(False, False, "cpu"), (True, False, "cuda"), (False, True, "mps"), (True, True, "cuda")]
)
def test_a_choice_of_device_sees_the_pretended_machine(cuda: bool, mps: bool, kind: str) -> None:
    """Both ways of asking agree, and nothing stays changed afterwards."""

    def plain() -> torch.device:
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")

    def accelerator() -> torch.device:
        found = torch.accelerator.current_accelerator()
        return torch.device("cpu") if found is None else found

    before = torch.cuda.is_available()
    assert device_under(plain, cuda, mps) == kind
    if hasattr(torch, "accelerator"):
        assert device_under(accelerator, cuda, mps) == kind
    assert torch.cuda.is_available() == before


def test_spoilt_states_cannot_be_written() -> None:
    """Pickling the state of the module, that of the optimiser, or the whole module fails."""
    module = torch.nn.Linear(2, 1)
    optimizer = torch.optim.Adam(module.parameters())
    spoil(module, optimizer)
    for state in (module.state_dict(), optimizer.state_dict(), module, optimizer):
        with pytest.raises(OSError, match="No space left"):
            torch.save(state, io.BytesIO())
