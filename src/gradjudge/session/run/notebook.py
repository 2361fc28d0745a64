"""Run a notebook's cells in an IPython shell; magics that make no sense here print one line and do nothing."""

from __future__ import annotations

import ast
import contextlib
import re
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any, Final

from IPython.core.compilerop import CachingCompiler
from IPython.core.interactiveshell import InteractiveShell
from msgspec.structs import replace
from traitlets.config import Config

from gradjudge.session.answer.failures import cell_name, stopped_at
from gradjudge.session.run.annotations import DEFERRED, compile_student, forgive
from gradjudge.session.run.cells import OUTPUT_KB, Runner, run_remaining
from gradjudge.wire.messages import CellDone, RunCell

_SKIPPED: Final = (
    *("pip", "conda", "mamba", "micromamba", "uv", "tensorboard", "matplotlib", "pylab", "autoreload", "aimport"),
    *("load_ext", "reload_ext", "sx", "system", "history", "notebook", "debug", "pdb", "edit", "logstart", "gui"),
)
_SKIPPED_CELLS: Final = (
    *("bash", "sh", "script", "system", "sx", "!", "perl", "ruby", "cmd", "pypy", "debug"),
    *("python", "python2", "python3"),
)
#: Unknown cell magics whose body is not Python even if it parses as such.
_OTHER_LANGUAGES: Final = ("R", "sql", "bigquery", "julia", "octave", "matlab", "cpp", "rust", "dot", "mermaid")
_CELL_MAGIC: Final = re.compile(r"%%\s*([^\s%]*)")


class _Compiler(CachingCompiler):  # type: ignore[misc]  # IPython comes without types
    """Compile each cell under its `cell_name`."""

    index = 0

    def get_code_name(self, _raw_code: str, _transformed_code: str, _number: int) -> str:
        return cell_name(self.index)


class _Shell(InteractiveShell):  # type: ignore[misc]  # IPython comes without types
    """A shell that keeps no history, writes no files, runs no commands and formats no tracebacks."""

    errors: list[BaseException]

    def init_ipython_dir(self, _ipython_dir: object) -> None: ...
    def init_profile_dir(self, _profile_dir: object) -> None: ...
    def init_virtualenv(self) -> None: ...
    def ask_exit(self) -> None: ...

    # Errors are reported in the reply.
    def showtraceback(self, *_: object, **__: object) -> None: ...
    def showsyntaxerror(self, *_: object, **__: object) -> None: ...
    def showindentationerror(self) -> None: ...

    @contextlib.contextmanager
    def _tee(self, channel: str) -> Iterator[None]:
        """Keep no second copy of the output: IPython's is unbounded and makes printing ten times slower."""
        del channel
        yield

    def system(self, cmd: str) -> None:
        _skip(f"!{cmd}")

    system_piped = system_raw = system

    def getoutput(self, cmd: str, **_: object) -> list[str]:
        _skip(f"!{cmd}")
        return []

    def run_cell(self, *args: Any, **options: Any) -> Any:
        """Run a cell and record its errors: ``%%capture`` runs its body as a cell and hides them."""
        result = super().run_cell(*args, **options)
        self.errors = [*getattr(self, "errors", ()), *filter(None, (result.error_before_exec, result.error_in_exec))]
        return result

    def run_line_magic(self, magic_name: str, line: str, _stack_depth: int = 1) -> Any:
        if magic_name in _SKIPPED or self.find_line_magic(magic_name) is None:
            return _skip(f"%{magic_name} {line}")
        return super().run_line_magic(magic_name, line, _stack_depth + 1)

    def run_cell_magic(self, magic_name: str, line: str, cell: str) -> Any:
        if magic_name in _SKIPPED_CELLS or self.find_cell_magic(magic_name) is None:
            return _skip(f"%%{magic_name} {line}")
        return super().run_cell_magic(magic_name, line, cell)

    def is_python(self, source: str) -> bool:
        """Tell whether a cell would compile, magics included."""
        try:
            self.compile.ast_parse(self.transform_cell(source))
        except (SyntaxError, ValueError, TypeError, OverflowError, MemoryError, RecursionError):
            return False
        return True


class _AnnotationWrapper(ast.NodeTransformer):
    """Wrap the annotations of each cell."""

    def __init__(self, compiler: _Compiler) -> None:
        self._compiler = compiler

    def visit(self, node: ast.AST) -> ast.AST:
        return node if self._compiler.flags & DEFERRED else forgive(node)


def _skip(what: str) -> None:
    """Print that a line does nothing here; it is no error, as most notebooks begin with such lines."""
    print(f"[not run here: {what.strip()[:200]}]")


def make_shell() -> _Shell:
    """Build the only shell of this process."""
    config = Config()
    config.HistoryManager.enabled = False
    config.HistoryManager.hist_file = ":memory:"
    config.InteractiveShell.colors = "NoColor"
    InteractiveShell.clear_instance()
    shell: _Shell = _Shell.instance(config=config, compiler_class=_Compiler, user_module=ModuleType("__main__"))
    shell.db = {}  # for %cd, %store and the like, as there is no profile folder
    shell.display_formatter.active_types = ["text/plain"]
    # IPython's formatting of an error takes 23 ms, of a RecursionError seconds.
    shell.InteractiveTB.structured_traceback = lambda *_, **__: []
    shell.ast_transformers.append(_AnnotationWrapper(shell.compile))
    shell.run_cell("None")  # the first cell triggers imports
    return shell


_ready: list[_Shell] = []


def preload() -> None:
    """Make the shell in advance, for the processes forked from this one."""
    _ready.append(make_shell())


class NotebookNamespace:
    """The namespace of a notebook; its ``__name__`` is ``"__main__"``.

    Args:
        output_kb: KiB of output kept of each cell.
        own_process: this process is a session: capture descriptors 1 and 2 as well, and obey interrupts.

    Attributes:
        names: the globals.
    """

    def __init__(self, *, output_kb: int = OUTPUT_KB, own_process: bool = False) -> None:
        self._shell = _ready.pop() if _ready else make_shell()
        self.names: dict[str, Any] = self._shell.user_ns
        self._runner = Runner(self._execute, output_kb=output_kb, own_process=own_process)

    def run(self, cell: RunCell) -> CellDone:
        """Run one cell; what it raises is in the reply."""
        self._magic = ""
        return replace(self._runner.run(cell), magic=self._magic)

    def _execute(self, cell: RunCell) -> BaseException | None:
        self._shell.compile.index = cell.index
        sys.modules["__main__"] = self._shell.user_module  # dataclasses and pickle look up a class's module
        source = self._without_unknown_magics(cell.source)
        self._shell.errors = []
        self._shell.run_cell(source, store_history=True)
        error = next(iter(self._shell.errors), None)
        if error is not None:
            stopped = stopped_at(error, cell.index)
            run_remaining(cell, stopped and stopped + _skipped_lines(source), self._execute_plain)
        return error

    def _execute_plain(self, source: str) -> None:
        compiler = self._shell.compile
        exec(compile_student(source, cell_name(compiler.index), compiler.flags), self.names)  # noqa: S102

    def _without_unknown_magics(self, source: str) -> str:
        """Comment out unknown cell magics if what is below them is Python."""
        lines = source.split("\n")
        for index, line in enumerate(lines):
            found = _CELL_MAGIC.match(line)
            if found is None and line.strip():
                break
            if found is None or self._shell.find_cell_magic(found[1]) is not None or found[1] in _SKIPPED_CELLS:
                continue
            self._magic = found[1]
            below = "\n".join(lines[index + 1 :])
            if found[1] in _OTHER_LANGUAGES or not self._shell.is_python(below):
                break
            lines[index] = f"# {line}"
        return "\n".join(lines)


def _skipped_lines(source: str) -> int:
    """Return how many lines before a cell's code IPython does not count: blank lines and cell magics."""
    lines = source.split("\n")
    return next((index for index, line in enumerate(lines) if line.strip() and not line.startswith("%%")), 0)
