"""Run nbgrader's preprocessors on a notebook in memory. No other module imports nbgrader, which takes two seconds."""

from __future__ import annotations

import json
import logging
import warnings
from typing import Any

from gradjudge.authoring.release.source_notebook import Json

with warnings.catch_warnings():
    # nbgrader's server extensions use deprecated names at import.
    warnings.simplefilter("ignore", DeprecationWarning)
    warnings.simplefilter("ignore", PendingDeprecationWarning)
    import nbformat
    from nbgrader import preprocessors
    from nbgrader.nbgraderformat import SchemaTooNewError, SchemaTooOldError, ValidationError

REFUSALS = (RuntimeError, KeyError, ValidationError, SchemaTooOldError, SchemaTooNewError, nbformat.ValidationError)


class NbgraderError(Exception):
    """nbgrader raised; the message is its own."""


class _LastWords(logging.Handler):
    """Keep what nbgrader logs: unlike its exceptions, the log names cells."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage().strip().splitlines()[-1])


def run(notebook: Json, *, code_stub: str, text_stub: str) -> Json:
    """Return the students' notebook: solutions replaced by stubs, hidden regions removed, cells locked, checksums.

    Raises:
        NbgraderError: nbgrader refuses the notebook or its metadata.
    """
    log = logging.Logger("gradjudge.nbgrader")
    words = _LastWords()
    log.addHandler(words)
    steps = [
        preprocessors.ClearSolutions(code_stub={"python": code_stub}, text_stub=text_stub, log=log),
        preprocessors.ClearHiddenTests(log=log),
        preprocessors.ClearMarkScheme(log=log),
        preprocessors.LockCells(log=log),
        preprocessors.ComputeChecksums(log=log),
        preprocessors.CheckCellMetadata(log=log),
    ]
    node: Any = nbformat.from_dict(notebook)
    resources: dict[str, Any] = {}
    try:
        for step in steps:
            node, resources = step.preprocess(node, resources)
        nbformat.validate(node)
    except REFUSALS as error:
        raise NbgraderError("; ".join([*words.lines, str(error).splitlines()[0]])) from error
    plain: Json = json.loads(json.dumps(node))
    return plain
