"""Read a notebook's metadata: nbgrader's cells, its release, its language. Malformed metadata count as absent."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from gradjudge.course.hand_in.remarks import Remark
from gradjudge.files import LONGEST_NAME
from gradjudge.text import Text

T = TypeVar("T")


class _NbgraderMetadata(msgspec.Struct):
    solution: bool = False


class _CellMetadata(msgspec.Struct):
    nbgrader: _NbgraderMetadata = msgspec.field(default_factory=_NbgraderMetadata)


class OurMetadata(msgspec.Struct):
    """What gradjudge writes into a release."""

    assignment: str = ""
    language: str = ""


class _NotebookMetadata(msgspec.Struct):
    gradjudge: OurMetadata = msgspec.field(default_factory=OurMetadata)


class _Named(msgspec.Struct):
    name: str = ""
    language: str = ""


class _KernelMetadata(msgspec.Struct):
    kernelspec: _Named = msgspec.field(default_factory=_Named)
    language_info: _Named = msgspec.field(default_factory=_Named)


def part(raw: msgspec.Raw, default: T, kind: Any) -> T:
    """Decode one part of a cell, or return the default if it is malformed."""
    try:
        decoded: T = msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, RecursionError):
        return default
    return decoded


def is_solution(metadata: msgspec.Raw) -> bool:
    """Tell whether nbgrader marks this as a cell that students write into."""
    return part(metadata, _CellMetadata(), _CellMetadata).nbgrader.solution


def ours(metadata: msgspec.Raw) -> OurMetadata:
    """Return what gradjudge wrote into a release."""
    return part(metadata, _NotebookMetadata(), _NotebookMetadata).gradjudge


def metadata_remarks(name: str, metadata: msgspec.Raw, assignment: str) -> list[Remark]:
    """Remark on metadata that name another programming language or another assignment."""
    remarks = []
    named = part(metadata, _KernelMetadata(), _KernelMetadata)
    languages = [said[:LONGEST_NAME] for said in (named.language_info.name, named.kernelspec.language) if said]
    if languages and not any("python" in language.casefold() for language in languages):
        remarks.append(
            Remark(
                Text(
                    "{name} says that it is in {language}. It was run as Python: choose a Python kernel.",
                    name=name,
                    language=languages[0],
                ),
                f"{name}: language {languages[0]}, run as Python",
            )
        )
    said = ours(metadata).assignment[:LONGEST_NAME]
    if said and said != assignment:
        remarks.append(
            Remark(
                Text(
                    "{name} was made from the notebook of {said}; it was graded as {assignment}. "
                    "Check what you handed in.",
                    name=name,
                    said=said,
                    assignment=assignment,
                ),
                f"{name}: its metadata name {said}, graded as {assignment}",
            )
        )
    return remarks
