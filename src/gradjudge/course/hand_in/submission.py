"""Read a submission: a notebook or a script, and the files beside it.

Hostile bytes are read in the trusted process, so only regular files of bounded size are opened, and of a notebook only
the sources are decoded, by a typed decoder that skips outputs. nbformat is not used: it is slow, lenient and unbounded.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from gradjudge.course.hand_in.encodings import decode_module, decode_text, unix_lines, without_outputs, written_module
from gradjudge.course.hand_in.foreign import foreign
from gradjudge.course.hand_in.idle import idle_remarks
from gradjudge.course.hand_in.metadata import is_solution, metadata_remarks, ours, part
from gradjudge.course.hand_in.raw_files import (
    LeftOut,
    RefusedFile,
    left_out_remarks,
    read_companions,
    read_regular,
    too_large,
)
from gradjudge.course.hand_in.remarks import Remark
from gradjudge.course.hand_in.scripts import defines, split_script
from gradjudge.course.rubric import GradingLimits
from gradjudge.files import digest_of, shown
from gradjudge.text import LANGUAGES, Text

MOST_SCRIPT_BYTES = 256 << 10  # parsing takes about 1 kB of memory for each at worst
MOST_SCRIPT_LINES = 20_000  # pieces are padded with blank lines: they take lines times cells in all
WITH_OUTPUTS = 8  # how many times its limit a notebook may be with outputs, which are skipped


class UnreadableSubmission(Exception):
    """Nothing of the submission can be graded. `text` is for the student, `detail` is for staff."""

    def __init__(self, text: Text, detail: str) -> None:
        """Take the reason for the student and for staff."""
        super().__init__(detail)
        self.text, self.detail = text, detail


class Cell(msgspec.Struct, frozen=True):
    """One code cell of a notebook, or one piece of a script.

    Attributes:
        index: place in `Submission.cells`.
        source: what to run. A script's piece is padded with blank lines, so that its line numbers are the file's.
        mode: ``"ipython"`` (magics are understood) or ``"python"``.
        number: of the code cell in the notebook, from 1, empty ones counted; 0 in a script.
        line: line of the file on which a script's piece starts; 1 in a notebook.
    """

    index: int
    source: str
    mode: str
    number: int = 0
    line: int = 1


class Submission(msgspec.Struct, frozen=True):
    """What one student handed in for one assignment.

    Attributes:
        digest: SHA-256 over the names and bytes of the file and its companions.
        kind: ``"notebook"`` or ``"script"``.
        companions: the bytes of the files beside it that the session gets, by name.
        remarks: on the files: what was left out, another language, another assignment.
        language: of the release that it was made from; None if it does not say.
    """

    assignment: str
    path: str
    digest: str
    kind: str
    cells: tuple[Cell, ...]
    companions: dict[str, bytes] = {}
    language: str | None = None
    remarks: tuple[Remark, ...] = ()


class HandIn(msgspec.Struct, frozen=True):
    """The bytes of a file and of those beside it, read once: later changes on disk do not matter.

    Attributes:
        main: bytes of the file to grade.
        companions: bytes of the files beside it that the session gets, by name.
        left_out: files beside it that the session does not get.
        digest: SHA-256 over names and bytes of the file and its companions.
    """

    main: bytes
    companions: dict[str, bytes]
    left_out: tuple[LeftOut, ...]
    digest: str


class SourceFile(msgspec.Struct, frozen=True):
    """The code of one file.

    Attributes:
        code: cells of a notebook, pieces of a script.
        solution_cells: cells in which a release asks for a solution.
        declared: the assignment in its metadata, or empty.
    """

    code: tuple[str, ...]
    solution_cells: tuple[str, ...] = ()
    declared: str = ""
    is_notebook: bool = False


def read_hand_in(path: Path, limits: GradingLimits) -> HandIn:
    """Read a file and those beside it.

    Raises:
        RefusedFile: it is not a regular file, or too large.
        OSError: it, or a file beside it, cannot be read, through no fault of the student.
    """
    raw = read_regular(path, limits.notebook_mb * WITH_OUTPUTS << 20)
    return hand_in(path.name, raw, *read_companions(path, limits))


def hand_in(name: str, main: bytes, companions: dict[str, bytes], left_out: tuple[LeftOut, ...]) -> HandIn:
    """Bundle what was read, with its digest."""
    return HandIn(main, companions, left_out, digest_of([(name, main), *companions.items()]))


def read_submission(path: Path, *, assignment: str, limits: GradingLimits, also: Sequence[str] = ()) -> Submission:
    """Read a notebook or script and the files beside it.

    Args:
        also: lines of Python that are run after it (`gradjudge.course.hand_in.choice.Choice.also`).

    Raises:
        UnreadableSubmission: it is not a regular file, too large, has too many cells, or is not a notebook.
        OSError: it, or a file beside it, cannot be read, through no fault of the student.
    """
    try:
        str(path).encode()
    except UnicodeEncodeError as error:  # not UTF-8: reports could not name the file
        raise UnreadableSubmission(
            Text(
                "Rename your file: only letters, digits, '-' and '_', such as {assignment}.ipynb.",
                assignment=assignment,
            ),
            f"{str(path)!a}: the name is not UTF-8",
        ) from error
    try:
        read = read_hand_in(path, limits)
        notebook = _notebook_in(path, read.main, limits)
        language = None
        remarks = _ending_remarks(path.name, is_notebook=notebook is not None)
        if notebook is None:
            cells = _script_cells(path, read.main, limits)
        else:
            cells, language = _notebook_parts(path, notebook, limits)
            remarks += metadata_remarks(path.name, notebook.metadata, assignment)
            remarks += idle_remarks(_idle_texts(notebook), (cell.source for cell in cells))
    except RefusedFile as refusal:
        raise UnreadableSubmission(refusal.text, refusal.detail) from refusal
    mode = "python" if notebook is None else "ipython"
    return Submission(
        assignment=assignment,
        path=str(path),
        digest=read.digest,
        kind="script" if notebook is None else "notebook",
        cells=(*cells, *_more_cells(cells, also, mode)),
        companions=read.companions,
        language=language,
        remarks=(*remarks, *left_out_remarks(path.name, read.left_out)),
    )


def _more_cells(cells: Sequence[Cell], also: Sequence[str], mode: str) -> Iterator[Cell]:
    """Yield cells for the lines that run after a submission's own, with the numbers that follow."""
    number = cells[-1].number if cells else 0
    line = cells[-1].source.rstrip().count("\n") + 2 if cells else 1
    for place, source in enumerate(also):
        index = len(cells) + place
        if mode == "ipython":
            yield Cell(index, source, mode, number=number + place + 1)
        else:
            yield Cell(index, "\n" * (line + place - 1) + source, mode, line=line + place)


def _ending_remarks(name: str, *, is_notebook: bool) -> list[Remark]:
    """Remark on a file whose content does not match its suffix."""
    if is_notebook == (not name.lower().endswith(".py")):
        return []
    kind, ending = (Text("a notebook"), ".ipynb") if is_notebook else (Text("Python text"), ".py")
    return [
        Remark(
            Text(
                "{name} holds {kind}, and was run as such: its name should end with {ending}.",
                name=shown(name),
                kind=kind,
                ending=ending,
            ),
            f"{shown(name)}: {kind}, read as such",
        )
    ]


def read_source(path: Path, limits: GradingLimits) -> SourceFile:
    """Read the code of one file.

    Raises:
        UnreadableSubmission, RefusedFile, OSError: as in `read_submission`.
    """
    raw = read_regular(path, limits.notebook_mb * WITH_OUTPUTS << 20)
    notebook = _notebook_in(path, raw, limits)
    if notebook is None:
        return SourceFile(tuple(cell.source for cell in _script_cells(path, raw, limits)))
    raw_cells = notebook.raw_cells or []
    code = [(cell, _text(cell.source) or _text(cell.input)) for cell in raw_cells if cell.cell_type == "code"]
    solution = tuple(source for cell, source in code if is_solution(cell.metadata))
    return SourceFile(
        tuple(source for _, source in code), solution, ours(notebook.metadata).assignment, is_notebook=True
    )


def holds_notebook(path: Path) -> bool:
    """Tell whether a file of any name holds a notebook with code."""
    try:
        source = read_source(path, GradingLimits())
    except (RefusedFile, UnreadableSubmission, OSError):
        return False
    return source.is_notebook and bool(source.code)


def declared_assignment(path: Path) -> str:
    """Return the assignment in a file's metadata; empty if there is none."""
    try:
        return read_source(path, GradingLimits()).declared
    except (RefusedFile, UnreadableSubmission, OSError):
        return ""


def read_modules(submission: Submission) -> dict[str, str]:
    """Return the text of a submission's modules by name: companions, and those that cells write."""
    modules = {
        name.removesuffix(".py"): decode_module(data)
        for name, data in submission.companions.items()
        if name.endswith(".py")
    }
    for cell in submission.cells:
        written = written_module(cell.source) if cell.mode == "ipython" else None
        if written is not None:  # written again or appended to: the last definition counts
            modules[written[0]] = f"{modules.get(written[0], '')}\n{written[1]}"
    return modules


# --- scripts --------------------------------------------------------------------------------------------------------


def _script_cells(path: Path, raw: bytes, limits: GradingLimits) -> tuple[Cell, ...]:
    if len(raw) > MOST_SCRIPT_BYTES:
        raise too_large(path, len(raw), MOST_SCRIPT_BYTES)
    text = decode_text(raw)
    lines = text.count("\n") + 1
    if lines > MOST_SCRIPT_LINES:
        raise UnreadableSubmission(
            Text("Your script has {lines} lines; at most {most} are read.", lines=lines, most=MOST_SCRIPT_LINES),
            f"{path}: {lines} lines",
        )
    return tuple(
        Cell(index=index, source=piece.padded, mode="python", line=piece.line)
        for index, piece in enumerate(split_script(text, limits.cells))
    )


# --- notebooks ------------------------------------------------------------------------------------------------------


class _RawCell(msgspec.Struct, gc=False):
    """A cell of the file. Its parts are decoded one by one, so that a malformed one costs at most its cell."""

    cell_type: str
    metadata: msgspec.Raw = msgspec.Raw(b"{}")
    source: msgspec.Raw = msgspec.Raw(b'""')
    input: msgspec.Raw = msgspec.Raw(b'""')  # the source of a code cell in nbformat 3


class _Worksheet(msgspec.Struct, gc=False):
    cells: list[_RawCell] = []


class _RawNotebook(msgspec.Struct):
    cells: list[_RawCell] | None = None
    worksheets: list[_Worksheet] | None = None  # nbformat 3
    metadata: msgspec.Raw = msgspec.Raw(b"{}")

    @property
    def raw_cells(self) -> list[_RawCell] | None:
        """The cells in either format; None if there is no list of cells."""
        if self.cells is None and self.worksheets is not None:
            return [cell for sheet in self.worksheets for cell in sheet.cells]
        return self.cells


def _notebook_in(path: Path, raw: bytes, limits: GradingLimits) -> _RawNotebook | None:
    """Return the notebook in a file, or None if it is a script: its content counts, not its name."""
    if said := foreign(path.name, raw):
        raise UnreadableSubmission(said[0], f"{path}: {said[1]}")
    if raw.lstrip(b" \t\r\n" + codecs.BOM_UTF8)[:1] == b"{":
        if not path.name.lower().endswith(".py"):
            return _decode_notebook(path, raw, limits)
        try:
            return found if (found := _decode_notebook(path, raw, limits)).raw_cells else None
        except (RefusedFile, UnreadableSubmission):
            return None
    if path.name.lower().endswith(".py") or _is_python(raw):
        return None
    return _decode_notebook(path, raw, limits)


def _is_python(raw: bytes) -> bool:
    """Tell whether a file with another suffix is Python that imports or defines something."""
    if len(raw) > MOST_SCRIPT_BYTES or b"\0" in raw or not raw.strip():
        return False
    text = decode_text(raw)
    return _BEGINS.search(text) is not None and any(defines(piece.source) for piece in split_script(text, 500))


_BEGINS = re.compile(r"^(?:import|from|def|class|@|\w+\s*=)", re.MULTILINE)


def _notebook_parts(path: Path, notebook: _RawNotebook, limits: GradingLimits) -> tuple[tuple[Cell, ...], str | None]:
    """Return the code cells and the language of a notebook."""
    raw_cells = notebook.raw_cells
    if raw_cells is None:
        raise _not_a_notebook(path, "there are no cells in it")
    if len(raw_cells) > limits.cells:
        raise UnreadableSubmission(
            Text("Your notebook has {cells} cells; at most {most} are read.", cells=len(raw_cells), most=limits.cells),
            f"{path}: {len(raw_cells)} cells, at most {limits.cells} are read",
        )
    language = ours(notebook.metadata).language
    return _code_cells(raw_cells), language if language in LANGUAGES else None


def _idle_texts(notebook: _RawNotebook) -> list[str]:
    """Return the texts of the cells that are not run."""
    return [_text(cell.source) for cell in notebook.raw_cells or () if cell.cell_type != "code"]


def _decode_notebook(path: Path, raw: bytes, limits: GradingLimits) -> _RawNotebook:
    if not raw.strip():
        raise UnreadableSubmission(Text("Your file is empty."), f"{path}: empty")
    most = limits.notebook_mb << 20
    if len(raw) > most:
        slim = without_outputs(raw)
        if len(slim) > most:
            raise too_large(path, len(raw), most)
        raw = slim
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        raw = decode_text(raw).encode("utf-8", "replace")
    raw = _SURROGATES.sub(lambda found: rb"\ufffd" if found["lone"] else found[0], raw)
    raw = raw.removeprefix(codecs.BOM_UTF8)
    try:
        return msgspec.json.decode(raw, type=_RawNotebook)
    except (msgspec.DecodeError, RecursionError) as error:  # includes ValidationError
        first = error
    try:  # Python and nbformat write NaN and Infinity, which are not JSON
        return msgspec.json.decode(without_outputs(raw), type=_RawNotebook)
    except (msgspec.DecodeError, RecursionError):
        raise _not_a_notebook(path, str(first)) from first


# Lone surrogates, such as half of a printed emoji, are legal to Python's json but not to msgspec.
_SURROGATES = re.compile(
    rb"""\\ (?: \\ | u[dD][89abAB][0-9a-fA-F]{2} \\u[dD][c-fC-F][0-9a-fA-F]{2}
    | (?P<lone> u[dD][89a-fA-F]) [0-9a-fA-F]{2} )""",
    re.VERBOSE,
)


def _not_a_notebook(path: Path, reason: str) -> UnreadableSubmission:
    return UnreadableSubmission(
        Text(
            "Your file is not a Jupyter notebook, or only a part of one. "
            "Open it in Jupyter, save it and hand it in again."
        ),
        f"{path}: not a notebook: {reason}",
    )


def _text(raw: msgspec.Raw) -> str:
    """Return a source, which nbformat stores as one string or as a list of lines."""
    source: str | list[str] = part(raw, "", str | list[str])
    return unix_lines(source if isinstance(source, str) else "".join(source))


def _code_cells(raw_cells: list[_RawCell]) -> tuple[Cell, ...]:
    cells: list[Cell] = []
    code = [cell for cell in raw_cells if cell.cell_type == "code"]
    for number, cell in enumerate(code, 1):
        source = _text(cell.source) or _text(cell.input)
        if source.strip():
            cells.append(Cell(len(cells), source, "ipython", number))
    return tuple(cells)
