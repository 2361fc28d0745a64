"""Answer the trusted side's requests from the student's namespace. Nothing is judged here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import torch

from gradjudge.session.answer import failures
from gradjudge.session.answer.defaults import Defaults
from gradjudge.session.answer.derivative_watch import AutogradUsedError, DerivativeWatch
from gradjudge.session.answer.devices import made_on
from gradjudge.session.answer.handles import MissingName, ObjectTable
from gradjudge.session.answer.passes import run_passes
from gradjudge.session.answer.plain import Reader
from gradjudge.session.answer.stand_in import StandIns
from gradjudge.wire.limits import DEFAULT, TooLargeError, WireLimits
from gradjudge.wire.messages import (
    Answer,
    Call,
    CellDone,
    Define,
    Drop,
    Get,
    Handle,
    Passes,
    PassesDone,
    Raised,
    Ref,
    Reply,
    Request,
    Restore,
    RunCell,
    Set,
    Steps,
    Value,
)


class Namespace(Protocol):
    """The namespace in which a submission runs, cell by cell or statement by statement.

    Attributes:
        names: its globals.
    """

    names: dict[str, Any]

    def run(self, cell: RunCell) -> CellDone:
        """Run one cell; what it raises is in the reply."""
        ...


class Answers:
    """Answer requests about one submission.

    Args:
        namespace: where it runs.
        limits: limits of one reply.
        device: device of the tensors that the student's code gets: ``"cpu"`` or ``"cuda"``.
    """

    def __init__(self, namespace: Namespace, limits: WireLimits = DEFAULT, *, device: str = "cpu") -> None:
        self._device = device
        self._namespace = namespace
        self._names = namespace.names
        self._limits = limits
        self._table = ObjectTable()
        self._stand_ins = StandIns(namespace.names)
        self._scratch = Path.cwd()
        self._defaults = Defaults()
        self._changed = True

    def answer(self, request: Request) -> Reply:
        """Answer one request. Whatever the student's code raises becomes a `Raised`.

        Raises:
            MemoryError: no memory is left to answer.
        """
        try:
            if isinstance(request, RunCell):
                self._changed = True
                done = self._namespace.run(request)
                self._defaults.adopt_dtype()
                return done
            if self._changed:
                self._defaults.restore()
            self._changed = isinstance(request, Drop)  # the end of a check
            # Torch's initial modes: a cell may have left others on, say for an evaluation.
            with torch.inference_mode(False), torch.enable_grad(), made_on(self._device):
                return self._answer(request)
        except MissingName as name:
            return name.missing
        except TooLargeError as error:
            return too_large(error)
        except MemoryError:
            raise
        except BaseException as error:  # noqa: BLE001  # the student's code may raise SystemExit, KeyboardInterrupt
            return failures.raised(error)

    def _answer(self, request: Request) -> Reply:
        match request:
            case Get(ref):
                return Answer(self._reader().value(self._resolve(ref)))
            case Set(ref, value):
                self._set(ref, self._thaw(value))
            case Call():
                return self._call(request)
            case Steps():
                return self._steps(request)
            case Passes(ref):
                return self._passes(request, self._resolve(ref))
            case Define():
                return self._define(request)
            case Restore():
                self._stand_ins.restore()
            case Drop():
                self._table.drop()
        return Answer()

    def _reader(self) -> Reader:
        return Reader(self._table.handle, self._limits)

    def _resolve(self, ref: Ref, done: Sequence[Any] = ()) -> Any:
        return self._table.resolve(ref, self._names, done)

    def _thaw(self, value: Value, done: Sequence[Any] = ()) -> Any:
        """Make a fresh object of a value; handles become their objects or the results of earlier steps (`done`)."""
        kind = type(value)
        if kind is torch.Tensor:
            return value.detach().to(self._device, copy=True)
        if kind is list or kind is tuple:
            return kind(self._thaw(item, done) for item in value)
        if kind is dict:
            return {key: self._thaw(item, done) for key, item in value.items()}
        return self._table.held(value.id, done) if kind is Handle else value

    def _set(self, ref: Ref, item: Any) -> None:
        if not ref.path:
            if not isinstance(ref.root, str):
                raise TypeError("an object itself cannot be set, only its attributes")
            self._names[ref.root] = item
            return
        *path, last = ref.path
        owner = self._resolve(Ref(ref.root, tuple(path)))
        if type(item) is torch.Tensor and _is_parameter(owner, last):
            item = torch.nn.Parameter(item)
        setattr(owner, last, item)

    def _call(self, asked: Call) -> Reply:
        called = self._resolve(asked.ref)
        args = [self._thaw(value) for value in asked.args]
        kwargs = {name: self._thaw(value) for name, value in asked.kwargs.items()}
        if asked.inference:
            with torch.inference_mode(), DerivativeWatch(kernels=True) as watch:
                given = called(*args, **kwargs)
            if watch.autograd or watch.graphs:
                raise AutogradUsedError
        else:
            given = called(*args, **kwargs)
        if asked.keep:
            return Answer(self._table.handle(given))
        return Answer(self._reader().value(given))

    def _steps(self, asked: Steps) -> Reply:
        done: list[Any] = []
        with torch.enable_grad():
            for step in asked.steps:
                called = self._resolve(step.ref, done)
                args = [self._thaw(value, done) for value in step.args]
                done.append(called(*args, **{name: self._thaw(value, done) for name, value in step.kwargs.items()}))
        reader = self._reader()
        return Answer(tuple(reader.value(done[number - 1]) for number in asked.give))

    def _define(self, asked: Define) -> Reply:
        scope = {"__name__": "session_text", "__file__": str(self._scratch / "session_text.py")}
        exec(compile(asked.source, "<session text>", "exec"), scope)  # noqa: S102  # the asking side's own text
        made: dict[str, Any] = {name: scope[name] for name in asked.names}
        if asked.instead:
            self._stand_ins.install(made)
            return Answer()
        return Answer(tuple(self._table.handle(item) for item in made.values()))

    def _passes(self, asked: Passes, function: Any) -> PassesDone:
        return run_passes(asked, function, self._thaw, self._reader)


def too_large(error: TooLargeError) -> Raised:
    """Return the reply for a value that cannot cross."""
    return Raised("ValueError", True, f"the value is too large: {error}", limit="value")


def _is_parameter(owner: object, name: str) -> bool:
    if not issubclass(type(owner), torch.nn.Module):
        return False
    return type(vars(owner).get("_parameters", {}).get(name)) is torch.nn.Parameter
