"""Run a notebook's cells in an IPython shell: magics that make sense work, the others say one line and do nothing."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any, Final

from IPython.core.compilerop import CachingCompiler
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from gradjudge.wire.messages import CellDone, RunCell
from gradjudge.worker.cells import OUTPUT_KB, Runner
from gradjudge.worker.failures import cell_name

_SKIPPED: Final = (
    *("pip", "conda", "mamba", "micromamba", "uv", "tensorboard", "matplotlib", "pylab", "autoreload", "aimport"),
    *("load_ext", "reload_ext", "sx", "system", "history", "notebook", "debug", "pdb", "edit", "logstart", "gui"),
)
_SKIPPED_CELLS: Final = ("bash", "sh", "script", "system", "sx", "!", "perl", "ruby", "cmd", "pypy", "debug")


class _Compiler(CachingCompiler):  # type: ignore[misc]  # IPython comes without types
    """Compile each cell under the name that its place is told by."""

    index = 0

    def get_code_name(self, _raw_code: str, _transformed_code: str, _number: int) -> str:
        return cell_name(self.index)


class _Shell(InteractiveShell):  # type: ignore[misc]  # IPython comes without types
    """A shell that keeps no history, writes no files, runs no commands and formats no tracebacks."""

    def init_ipython_dir(self, _ipython_dir: object) -> None: ...
    def init_profile_dir(self, _profile_dir: object) -> None: ...
    def init_virtualenv(self) -> None: ...
    def ask_exit(self) -> None: ...

    # The error is in the answer.
    def showtraceback(self, *_: object, **__: object) -> None: ...
    def showsyntaxerror(self, *_: object, **__: object) -> None: ...
    def showindentationerror(self) -> None: ...

    @contextlib.contextmanager
    def _tee(self, channel: str) -> Iterator[None]:
        """Keep no second copy of what is printed: IPython's own has no bound, and makes printing ten times slower."""
        del channel
        yield

    def system(self, cmd: str) -> None:
        _skip(f"!{cmd}")

    system_piped = system_raw = system

    def getoutput(self, cmd: str, **_: object) -> list[str]:
        _skip(f"!{cmd}")
        return []

    def run_line_magic(self, magic_name: str, line: str, _stack_depth: int = 1) -> Any:
        if magic_name in _SKIPPED or self.find_line_magic(magic_name) is None:
            return _skip(f"%{magic_name} {line}")
        return super().run_line_magic(magic_name, line, _stack_depth + 1)

    def run_cell_magic(self, magic_name: str, line: str, cell: str) -> Any:
        if magic_name in _SKIPPED_CELLS:
            return _skip(f"%%{magic_name} {line}")
        return super().run_cell_magic(magic_name, line, cell)


def _skip(what: str) -> None:
    """Say that a line does nothing here. It is no error: most notebooks begin with such lines."""
    print(f"[not run here: {what.strip()[:200]}]")


def make_shell() -> _Shell:
    """Build the shell, the only one of this process."""
    config = Config()
    config.HistoryManager.enabled = False
    config.HistoryManager.hist_file = ":memory:"
    config.InteractiveShell.colors = "NoColor"
    InteractiveShell.clear_instance()
    shell: _Shell = _Shell.instance(config=config, compiler_class=_Compiler, user_module=ModuleType("__main__"))
    shell.db = {}  # where %cd, %store and the like keep things, for want of a profile folder
    shell.display_formatter.active_types = ["text/plain"]
    # Formatted in IPython's way, an error takes 23 ms, and a RecursionError seconds.
    shell.InteractiveTB.structured_traceback = lambda *_, **__: []
    shell.run_cell("None")  # the first cell imports what the others need
    return shell


_ready: list[_Shell] = []


def preload() -> None:
    """Make the shell beforehand: a process forked from this one then has it."""
    _ready.append(make_shell())


class NotebookNamespace:
    """Hold the names of a notebook.

    Args:
        output_kb: KiB of output that are kept of each cell.
        own_process: this process is a session: capture descriptors 1 and 2 as well, and obey interrupts.

    Attributes:
        names: the global names; ``__name__`` is ``"__main__"``.
    """

    def __init__(self, *, output_kb: int = OUTPUT_KB, own_process: bool = False) -> None:
        self._shell = _ready.pop() if _ready else make_shell()
        self.names: dict[str, Any] = self._shell.user_ns
        self._runner = Runner(self._execute, output_kb=output_kb, own_process=own_process)

    def run(self, cell: RunCell) -> CellDone:
        """Run one cell; what it raises is in the answer."""
        return self._runner.run(cell)

    def _execute(self, cell: RunCell) -> BaseException | None:
        self._shell.compile.index = cell.index
        sys.modules["__main__"] = self._shell.user_module  # dataclasses and pickle look for the module of a class
        result = self._shell.run_cell(cell.source, store_history=True)
        error: BaseException | None = result.error_before_exec or result.error_in_exec
        return error
