"""Run a ``.py`` submission, statement by statement, in one namespace."""

from __future__ import annotations
import __future__

import builtins
import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from gradjudge.session.answer.failures import cell_name, stopped_at
from gradjudge.session.run.annotations import compile_student
from gradjudge.session.run.cells import OUTPUT_KB, Runner, remember_source, run_remaining
from gradjudge.wire.messages import CellDone, RunCell

MODULE: Final = "submission"
"""``__name__`` of a script, so that code guarded by ``if __name__ == "__main__"`` does not run."""

_FEATURES: Final = sum(getattr(__future__, name).compiler_flag for name in __future__.all_feature_names)


class ScriptNamespace:
    """The namespace of a script.

    Args:
        output_kb: KiB of output kept of each statement.
        own_process: this process is a session: capture descriptors 1 and 2 as well, and obey interrupts.
        name: the file's own module name, for companions that import it; it never hides an existing module.

    Attributes:
        names: the globals.
    """

    def __init__(self, *, output_kb: int = OUTPUT_KB, own_process: bool = False, name: str = "") -> None:
        module = ModuleType(MODULE)
        sys.modules[MODULE] = module  # dataclasses and pickle look up a class's module
        if name.isidentifier() and name not in sys.modules and find_spec(name) is None:
            sys.modules[name] = module
        self.names: dict[str, Any] = vars(module)
        self.names.update(__file__=str(Path.cwd() / f"{MODULE}.py"), __builtins__=builtins)
        self._flags = 0
        self._runner = Runner(self._execute, output_kb=output_kb, own_process=own_process)

    def run(self, cell: RunCell) -> CellDone:
        """Run one statement; what it raises is in the reply."""
        return self._runner.run(cell)

    def _execute(self, cell: RunCell) -> BaseException | None:
        name = cell_name(cell.index)
        remember_source(name, cell.source)

        def execute(source: str) -> None:
            code = compile_student(source, name, self._flags)
            self._flags |= code.co_flags & _FEATURES  # ``from __future__ import`` holds for later statements
            exec(code, self.names)  # noqa: S102  # this is what a session is for

        try:
            execute(cell.source)
        except BaseException as error:  # noqa: BLE001  # SystemExit ends a statement, not the session
            run_remaining(cell, stopped_at(error, cell.index), execute)
            return error
        return None
