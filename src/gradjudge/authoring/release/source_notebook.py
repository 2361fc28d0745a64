"""The instructor's notebook: one file with the text in every language, stubs and solutions; `gate` validates it."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import msgspec

from gradjudge.errors import CourseError

GIVEN = "given"
CELL_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")

Json = dict[str, Any]


class SourceCell(msgspec.Struct, frozen=True):
    """One cell of the source.

    Attributes:
        place: in the notebook, from 0.
        cell_id: its id, or one made from the place if it has no valid id.
        kind: ``"code"``, ``"markdown"`` or ``"raw"``.
        lang: its language, or empty for all.
        nbgrader: nbgrader's metadata, or empty.
        tags: ``given`` allows lines of a solution in this cell.
        attachments: pictures of a Markdown cell.
        folded: whether the source is shown folded.
    """

    place: int
    cell_id: str
    kind: str
    source: str
    lang: str
    nbgrader: Json
    tags: tuple[str, ...] = ()
    attachments: Json = {}
    folded: bool = False

    @property
    def grade_id(self) -> str:
        """nbgrader's name for the cell, or empty."""
        return str(self.nbgrader.get("grade_id", ""))

    @property
    def is_grade(self) -> bool:
        """Whether the cell carries points."""
        return bool(self.nbgrader.get("grade"))

    @property
    def is_solution(self) -> bool:
        """Whether students write into the cell."""
        return bool(self.nbgrader.get("solution"))

    def speaks(self, language: str) -> bool:
        """Tell whether the cell is part of the release in `language`."""
        return self.lang in ("", language)


class Source(msgspec.Struct, frozen=True):
    """The instructor's notebook."""

    path: Path
    cells: tuple[SourceCell, ...]

    def in_language(self, language: str) -> tuple[SourceCell, ...]:
        """Return the cells of the release in one language."""
        return tuple(cell for cell in self.cells if cell.speaks(language))


def read_source(path: Path) -> Source:
    """Read the instructor's notebook.

    Raises:
        CourseError: it is absent, or not a notebook of nbformat 4.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CourseError(
            f"{path}: cannot be read ({error.strerror}). Write the assignment's notebook there."
        ) from error
    except ValueError as error:
        raise CourseError(f"{path}: not a notebook: {error}. Is a merge conflict left in it?") from error
    if not isinstance(data, dict) or data.get("nbformat") != 4 or not isinstance(data.get("cells"), list):
        raise CourseError(f"{path}: not a notebook of nbformat 4. Open it in Jupyter and save it.")
    return Source(path, tuple(_cell(path, place, raw) for place, raw in enumerate(data["cells"])))


def _cell(path: Path, place: int, raw: Json) -> SourceCell:
    try:
        metadata = raw.get("metadata", {})
        source = raw["source"]
        cell_id = str(raw.get("id", ""))
        nbgrader = dict(metadata.get("nbgrader", {}))
        return SourceCell(
            place=place,
            cell_id=cell_id if CELL_ID.fullmatch(cell_id) else _made_id(place, str(nbgrader.get("grade_id", ""))),
            kind=str(raw["cell_type"]),
            source=(source if isinstance(source, str) else "".join(source)).replace("\r\n", "\n"),
            lang=str(metadata.get("lang", "")),
            nbgrader=nbgrader,
            tags=tuple(metadata.get("tags", ())),
            attachments=dict(raw.get("attachments", {})),
            folded=bool(metadata.get("jupyter", {}).get("source_hidden")),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise CourseError(f"{path}, cell {place + 1}: not a cell of nbformat 4 ({error!r}).") from error


def _made_id(place: int, grade_id: str) -> str:
    """Make a reproducible id; nbformat would draw one at random."""
    return "cell-" + hashlib.sha256(f"{place} {grade_id}".encode()).hexdigest()[:12]


# --- notebooks as bytes ---------------------------------------------------------------------------------------------


def dump_notebook(notebook: Json) -> bytes:
    """Encode a notebook, reproducibly and whatever the version of nbformat."""
    cells = [{**cell, "source": cell["source"].splitlines(keepends=True)} for cell in notebook["cells"]]
    text = json.dumps({**notebook, "cells": cells}, ensure_ascii=False, indent=1, sort_keys=True)
    return (text + "\n").encode()


def notebook_of(cells: list[Json], metadata: Json) -> Json:
    """Return a notebook of `cells` with a Python 3 kernel."""
    return {
        "cells": cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
            **metadata,
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def cell_json(cell: SourceCell, source: str, metadata: Json) -> Json:
    """Return a cell without outputs."""
    if cell.folded:
        metadata = metadata | {"jupyter": {"source_hidden": True}}
    made: Json = {"cell_type": cell.kind, "id": cell.cell_id, "metadata": metadata, "source": source}
    if cell.kind == "code":
        made |= {"execution_count": None, "outputs": []}
    elif cell.attachments:
        made["attachments"] = cell.attachments
    return made
