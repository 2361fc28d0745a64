"""Judge checkpoints by their purpose: training that is interrupted and resumed ends where uninterrupted training ends.

The student writes ``save(path, model, optimizer, epoch, generator)`` and ``load(path, model, optimizer, generator)``,
which returns the number of finished epochs. The format of the file is up to the student: it is written, read and
deleted in the session, and never opened on this side.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from gradjudge.checks.comparison import integer_in
from gradjudge.checks.instruments import define
from gradjudge.checks.recipes import Recipe
from gradjudge.checks.tolerance import near, tolerance
from gradjudge.checks.verdict import StudentRaised, Text, fail, require
from gradjudge.judge.proxy.student import Student

Parameters = Mapping[str, Tensor]

_SESSION = Path(__file__).with_name("checkpoints_session.py").read_text(encoding="utf-8")


class Trainee(NamedTuple):
    """The objects of one training, as proxies.

    Attributes:
        loader: what an epoch iterates over; it draws its order from `generator`, or has one order.
    """

    model: Any
    optimizer: Any
    generator: Any
    loader: Any


class TrainingActions(NamedTuple):
    """How trainings are made and run in the session.

    Attributes:
        fresh: makes the objects of a training. The same number gives the same initial values and the same seed;
            another number others.
        train: trains for the epochs from `start` to before `epochs`: ``train(trainee, epochs, start)``.
        parameters: reads a model's parameters.
        place: sets a model's parameters.
    """

    fresh: Callable[[int], Trainee]
    train: Callable[[Trainee, int, int], None]
    parameters: Callable[[Any], dict[str, Tensor]]
    place: Callable[[Any, Parameters], None]


class Checkpoints:
    """Judge a pair of functions that save and load a training.

    Args:
        student: whose session it is.
        save: the proxy ``student.save_checkpoint``.
        load: the proxy ``student.load_checkpoint``.
        actions: how trainings are made and run.
        stem: start of the names of the files, in the session's scratch folder; a name that no cell has written to.
        device: the session's device. On the CPU a resumed training is compared bit for bit.
    """

    def __init__(
        self,
        student: Student,
        save: Any,
        load: Any,
        actions: TrainingActions,
        *,
        stem: str,
        device: torch.device | str = "cpu",
    ) -> None:
        self._student = student
        self._save = save
        self._load = load
        self._actions = actions
        self._stem = stem
        self._device = torch.device(device)

    def require_model(self) -> None:
        """Require a loaded model to have the parameters that were saved, and saving to change nothing.

        Raises:
            CheckFailed: a parameter differs.
        """
        saved, other = self._actions.fresh(0), self._actions.fresh(1)
        self._actions.train(saved, 1, 0)
        before, unlike = self._snapshot(saved.model), self._snapshot(other.model)
        self._write("model", saved, 1)
        require(self._same(self._snapshot(saved.model), before), Text("Saving a checkpoint changes the model."))
        self._read("model", other)
        self._require_loaded(self._snapshot(other.model), before, unlike)

    def require_epochs(self) -> None:
        """Require loading to return the number of finished epochs that was saved.

        Raises:
            CheckFailed: it returns another number, or no integer.
        """
        saved, other = self._actions.fresh(0), self._actions.fresh(1)
        self._actions.train(saved, 1, 0)
        for number in (3, 7):
            self._write(f"epoch{number}", saved, number)
        for number in (3, 7):
            got = integer_in(self._read(f"epoch{number}", other))
            require(
                got is not None, Text("load_checkpoint must return the number of epochs that are done, an integer.")
            )
            require(
                got == number,
                Text("load_checkpoint does not return the number of epochs that was given to save_checkpoint."),
                detail=f"got {got}, expected {number}",
            )

    def require_own_files(self) -> None:
        """Require two paths to hold two checkpoints, and a checkpoint not to change when training goes on.

        Raises:
            CheckFailed: loading the first one does not give what was saved there.
        """
        saved, other = self._actions.fresh(0), self._actions.fresh(1)
        self._actions.train(saved, 1, 0)
        first, unlike = self._snapshot(saved.model), self._snapshot(other.model)
        self._write("first", saved, 1)
        self._actions.train(saved, 2, 1)
        second = self._snapshot(saved.model)
        self._write("second", saved, 2)
        done = integer_in(self._read("first", other))
        got = self._snapshot(other.model)
        require(
            not self._same(got, second),
            Text(
                "Loading the first of two checkpoints gives the second one: write to the given path, and only there.",
                mistake="one file",
            ),
        )
        if self._same(got, unlike) and done == 1:
            return  # the file is read but the model is not loaded, which `require_model` judges
        require(
            self._same(got, first), Text("Loading the first of two checkpoints does not give what was saved there.")
        )

    def require_resumed(self, what: Text, *, cut: int = 2, epochs: int = 4, helped: bool = False) -> None:
        """Require training that is interrupted after `cut` epochs and resumed to end where uninterrupted training does.

        The resumed training starts from new objects, with other initial values and another seed; only the file connects
        it to the first one.

        Args:
            what: what is likely to be missing if it does not, as a sentence.
            helped: after loading, correct the model's parameters and the number of epochs: where they are known to be
                wrong, they have been paid for.

        Raises:
            CheckFailed: the parameters differ.
        """
        whole = self._actions.fresh(0)
        self._actions.train(whole, epochs, 0)
        first, second = self._actions.fresh(0), self._actions.fresh(1)
        self._actions.train(first, cut, 0)
        self._write("cut", first, cut)
        saved = self._snapshot(first.model)
        self._actions.train(first, cut + 1, cut)  # training on must not change what was saved
        done = integer_in(self._read("cut", second))
        if helped:
            self._actions.place(second.model, saved)
            done = cut
        require(
            done is not None and 0 <= done <= epochs,
            Text("load_checkpoint must return the number of epochs that are done, an integer."),
            detail=f"got {done!r}",
        )
        assert done is not None
        self._actions.train(second, epochs, done)
        ends = self._snapshot(second.model), self._snapshot(whole.model)
        if not self._same(*ends):
            fail(
                Text(
                    "The resumed training does not end where the uninterrupted one ends. {what}",
                    what=what,
                    mistake=what.mistake,
                ),
                detail=f"got {ends[0]}, expected {ends[1]}"[:4000],
            )

    def require_atomic(self) -> None:
        """Require the old checkpoint to be there, whole, when writing a new one fails half-way.

        The second state holds something that cannot be written, as on a full disk.

        Raises:
            CheckFailed: what can be loaded afterwards is neither the old state nor all of the new one.
        """
        saved, other = self._actions.fresh(0), self._actions.fresh(1)
        self._actions.train(saved, 1, 0)
        old, unlike = self._snapshot(saved.model), self._snapshot(other.model)
        self._write("atomic", saved, 1)
        self._actions.train(saved, 2, 1)
        new = self._snapshot(saved.model)
        (spoil,) = define(self._student, _SESSION, "spoil", label="save_checkpoint")
        recipe = Recipe(self._student, label="save_checkpoint")
        recipe.of(spoil)(recipe.of(saved.model), recipe.of(saved.optimizer))
        recipe.run()
        with contextlib.suppress(StudentRaised):  # it should raise, or handle the error
            self._write("atomic", saved, 2)
        try:
            done = integer_in(self._read("atomic", other))
        except StudentRaised as raised:
            again = self._actions.fresh(0)
            self._write("whole", again, 1)
            self._read("whole", again)  # raises if not even a whole one can be loaded
            fail(
                Text(
                    "After a save that failed half-way, the old checkpoint cannot be loaded any more: write to "
                    "another file, then os.replace it.",
                    mistake="not atomic",
                ),
                detail=raised.detail,
            )
        got = self._snapshot(other.model)
        require(
            self._same(got, old) or self._same(got, new) or (self._same(got, unlike) and done in (1, 2)),
            Text("After a save that failed half-way, neither the old checkpoint nor the new one can be loaded whole."),
        )

    # --- calls -------------------------------------------------------------------------------------------------------

    def _snapshot(self, model: Any) -> dict[str, Tensor]:
        return {name: value.clone() for name, value in self._actions.parameters(model).items()}

    def _path(self, name: str) -> str:
        return f"{self._stem}-{name}.pt"

    def _write(self, name: str, trainee: Trainee, epoch: int) -> None:
        self._save(self._path(name), trainee.model, trainee.optimizer, epoch, trainee.generator)

    def _read(self, name: str, trainee: Trainee) -> object:
        given: object = self._load(self._path(name), trainee.model, trainee.optimizer, trainee.generator)
        return given

    # --- comparisons -------------------------------------------------------------------------------------------------

    def _same(self, got: Parameters, expected: Parameters) -> bool:
        if got.keys() != expected.keys():
            return False
        if self._device.type == "cpu":
            return all(torch.equal(got[name], value) for name, value in expected.items())
        allowed = tolerance(self._device, torch.float32)
        return all(
            got[name].shape == value.shape and near(got[name], value, allowed) for name, value in expected.items()
        )

    def _require_loaded(self, got: Parameters, saved: Parameters, unlike: Parameters) -> None:
        require(
            not self._same(got, unlike),
            Text(
                "load_checkpoint leaves the model as it was: give it the parameters of the file (load_state_dict).",
                mistake="model not loaded",
            ),
        )
        wrong = ", ".join(
            name for name, value in saved.items() if name not in got or not self._same({name: got[name]}, {name: value})
        )
        require(not wrong, Text("After loading, these parameters are not those that were saved: {wrong}.", wrong=wrong))
