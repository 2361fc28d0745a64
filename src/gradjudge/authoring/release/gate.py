"""Checks that a source notebook, its releases and its executed solution must pass before anything is written.

All faults of a notebook are reported at once, as one `CourseError` that says where and what to do.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import zip_longest
from typing import Any

from gradjudge.authoring.release.markers import marked_lines, scan
from gradjudge.authoring.release.source_notebook import GIVEN, Json, Source, SourceCell
from gradjudge.course.rubric import Assignment
from gradjudge.course.toml_table import did_you_mean
from gradjudge.errors import CourseError

TELLING_CODE = 14  # characters without blanks from which a line of a solution counts as a leak
TELLING_TEXT = 25
WRONG = "✗"  # starts a line of a visible check that fails
# Lines that any program may have: they open a block, import or print.
STRUCTURE = re.compile(r"(?:def|class|import|from|for|while|if|elif|else|try|except|finally|with|print)\b|[@#]")
HEADING = re.compile(r"(#{1,6})\s")


def check_source(source: Source, assignment: Assignment, languages: tuple[str, ...]) -> None:
    """Refuse a faulty source notebook.

    Raises:
        CourseError: every fault, with file, cell and line.
    """
    faults = [
        *_marker_faults(source),
        *_identity_faults(source, languages),
        *_language_faults(source, languages),
        *_item_faults(source, assignment, languages),
    ]
    _refuse(source, faults)


def check_releases(source: Source, releases: Mapping[str, Json]) -> None:
    """Refuse releases (by language) that contain text of a solution.

    Raises:
        CourseError: each place, with the line of the solution.
    """
    _refuse(source, [fault for language, made in releases.items() for fault in _leaks(source, made, language)])


def check_outputs(source: Source, executed: Json) -> None:
    """Refuse an executed solution in which a visible check fails.

    Raises:
        CourseError: the cells and the lines that they print.
    """
    faults = []
    for cell in executed["cells"]:
        for output in cell.get("outputs", ()):
            text = "".join(output["text"]) if output.get("output_type") == "stream" else ""
            wrong = [line for line in text.splitlines() if line.startswith(WRONG)]
            faults += [
                f"cell '{cell['id']}': the executed solution prints '{line}': mend one of the two" for line in wrong
            ]
    _refuse(source, faults)


def _refuse(source: Source, faults: list[str]) -> None:
    if faults:
        raise CourseError("\n".join(f"{source.path}, {fault}" for fault in faults))


def _at(cell: SourceCell, line: int | None = None) -> str:
    return f"cell '{cell.cell_id}'" + (f", line {line}" if line else "") + ": "


# --- markers --------------------------------------------------------------------------------------------------------


def _marker_faults(source: Source) -> Iterator[str]:
    for cell in source.cells:
        regions, faults = scan(cell.source, code=cell.kind == "code")
        for fault in faults:
            yield _at(cell, fault.line) + fault.text + "."
        has_solution = any(region.kind == "SOLUTION" for region in regions)
        if cell.is_solution and not has_solution and not faults:
            yield _at(cell) + (
                "a solution cell without '### BEGIN SOLUTION' and '### END SOLUTION'; nbgrader would replace all of "
                "it. Mark what students do not get."
            )
        if has_solution and not cell.is_solution:
            yield _at(cell) + "a marked solution in a cell that is not a solution cell; set nbgrader's 'solution'."
        for region in regions:
            if region.kind == "SOLUTION" and region.last < region.first:
                yield _at(cell, region.first - 1) + "nothing between the markers; write the solution there."


# --- names and languages --------------------------------------------------------------------------------------------


def _identity_faults(source: Source, languages: tuple[str, ...]) -> Iterator[str]:
    counts = Counter(cell.cell_id for cell in source.cells)
    for cell_id in (name for name, count in counts.items() if count > 1):
        yield f"cell '{cell_id}': {counts[cell_id]} cells have this id. Give each its own."
    for cell in source.cells:
        if cell.nbgrader and not cell.grade_id:
            yield _at(cell) + "nbgrader's metadata has no 'grade_id'. Name the cell."
        if cell.lang and cell.lang not in languages:
            known = f"{cell.lang!r}; the course has {', '.join(languages)}.{did_you_mean(cell.lang, languages)}"
            yield _at(cell) + f"metadata 'lang' is {known}"
        if cell.lang and cell.kind == "code":
            yield _at(cell) + "a code cell in one language only. Code is common to all: take metadata 'lang' out."
    yield from dict.fromkeys(fault for language in languages for fault in _doubled_names(source.in_language(language)))


def _doubled_names(cells: tuple[SourceCell, ...]) -> Iterator[str]:
    """Find cells of one language that share a grade_id."""
    seen: dict[str, SourceCell] = {}
    for cell in cells:
        other = seen.setdefault(cell.grade_id, cell) if cell.grade_id else cell
        if other is not cell:
            yield _at(cell) + f"grade_id '{cell.grade_id}' is that of cell '{other.cell_id}' too. Give each its own."


def _language_faults(source: Source, languages: tuple[str, ...]) -> Iterator[str]:
    """Compare the Markdown between two code cells in each language with that in the first."""
    stretches: list[list[SourceCell]] = [[]]
    for cell in source.cells:
        if cell.kind == "code":
            stretches.append([])
        else:
            stretches[-1].append(cell)
    for stretch in stretches:
        texts = {language: [cell for cell in stretch if cell.lang == language] for language in languages}
        first = languages[0]
        for other in languages[1:]:
            if len(texts[first]) != len(texts[other]):
                longer, shorter = sorted((first, other), key=lambda language: -len(texts[language]))
                cell = texts[longer][len(texts[shorter])]
                yield _at(cell) + (
                    f"{len(texts[longer])} Markdown cells in '{longer}' and {len(texts[shorter])} in '{shorter}' "
                    f"between the same code cells. Write what is missing in '{shorter}'."
                )
                continue
            yield from _heading_faults(texts[first], texts[other], other)


def _heading_faults(first: list[SourceCell], other: list[SourceCell], language: str) -> Iterator[str]:
    for one, two in zip(first, other, strict=True):
        if one.grade_id != two.grade_id:
            yield _at(two) + (
                f"grade_id '{two.grade_id}' in '{language}' and '{one.grade_id}' in its counterpart '{one.cell_id}'. "
                "Give both the same."
            )
        for ours, theirs in zip_longest(_headings(one.source), _headings(two.source)):
            if ours is None or theirs is None or ours[1] != theirs[1]:
                line, here = (theirs[0], two) if theirs else (ours[0], one)
                yield _at(here, line) + (
                    f"the headings of '{one.cell_id}' and '{two.cell_id}' differ. Write the same ones in both."
                )
                break


def _headings(text: str) -> list[tuple[int, int]]:
    """Return line and level of each Markdown heading outside of code fences and solutions."""
    found: list[tuple[int, int]] = []
    fenced = False
    marked = {number for number, _ in marked_lines(text)}
    for number, line in enumerate(text.split("\n"), 1):
        if line.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
        heading = HEADING.match(line)
        if heading and not fenced and number not in marked and not scan(line, code=False)[1]:
            found.append((number, len(heading[1])))
    return found


# --- items and points -----------------------------------------------------------------------------------------------


def cell_points(source: Source, assignment: Assignment) -> dict[str, float]:
    """Return the points of each grade cell by ``grade_id``: those of the items whose first grade cell it is."""
    grades = [cell.grade_id for cell in source.cells if cell.is_grade]
    points = dict.fromkeys(grades, 0.0)
    for item in assignment.items:
        for name in item.cells:
            if name in points:
                points[name] += item.points
                break
    return points


def _item_faults(source: Source, assignment: Assignment, languages: tuple[str, ...]) -> Iterator[str]:
    cells = {cell.grade_id: cell for cell in source.cells if cell.grade_id}
    named = {name for item in assignment.items for name in item.cells}
    for item in assignment.items:
        where = f"item '{item.name}' of grading.toml: "
        unknown = [name for name in item.cells if name not in cells]
        for name in unknown:
            yield where + f"there is no cell with grade_id '{name}'.{did_you_mean(name, cells)}"
        if not unknown and not any(cells[name].is_grade for name in item.cells):
            yield where + f"none of its cells ({', '.join(item.cells)}) is a grade cell that could carry its points."
    for cell in source.cells:
        if cell.is_grade and cell.grade_id not in named:
            near = did_you_mean(cell.grade_id, sorted(named))
            yield _at(cell) + f"grade cell '{cell.grade_id}' belongs to no item of grading.toml.{near}"
    points = cell_points(source, assignment)
    for cell in source.cells:
        stated = cell.nbgrader.get("points")
        if cell.is_grade and stated is not None and stated != points[cell.grade_id]:
            yield _at(cell) + (
                f"{stated:g} points here and {points[cell.grade_id]:g} in grading.toml. "
                "Take 'points' out of the cell's metadata: it is written from grading.toml."
            )
    for language in languages:
        there = {cell.grade_id for cell in source.in_language(language)}
        for name in sorted(named & set(cells)):
            if name not in there:
                yield (
                    _at(cells[name])
                    + f"grade_id '{name}' is missing in '{language}'. Write the cell in that language too."
                )


# --- solution text --------------------------------------------------------------------------------------------------


def _leaks(source: Source, release: Json, language: str) -> Iterator[str]:
    """Find telling lines of solutions anywhere in a release: text, outputs, metadata."""
    given = {cell.cell_id for cell in source.cells if GIVEN in cell.tags}
    shown = [(cell["id"], _squeezed(_all_text(cell))) for cell in release["cells"] if cell["id"] not in given]
    for cell in source.cells:
        for number, line in marked_lines(cell.source):
            told = _telling(line, code=cell.kind == "code")
            for cell_id in [cell_id for cell_id, text in shown if told and told in text]:
                yield _at(cell, number) + (
                    f"this line of the solution stands in cell '{cell_id}' of the release in '{language}': {told} - "
                    f"take it out there, or give that cell the tag '{GIVEN}' if students are meant to see it."
                )


def _all_text(cell: Json) -> str:
    """Return every text of a cell: its source, and the strings in its outputs, metadata and attachments."""
    rest = [_strings(cell.get(part)) for part in ("outputs", "metadata", "attachments")]
    return "\n".join([cell["source"], *(text for texts in rest for text in texts)])


def _strings(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _strings(part)
    elif isinstance(value, list):
        yield "".join(part for part in value if isinstance(part, str))
        for part in value:
            yield from _strings(part)


def _telling(line: str, *, code: bool) -> str:
    """Return a solution's line as it is searched for; empty if it would be no leak."""
    text = line.strip()
    if code:
        text = re.sub(r"\s+#\s.*$", "", text)
    squeezed = _squeezed(text)
    if len(squeezed) < (TELLING_CODE if code else TELLING_TEXT) or (code and STRUCTURE.match(text)):
        return ""
    return squeezed


def _squeezed(text: str) -> str:
    """Remove all white space, so that leaks are found whatever their spacing."""
    return re.sub(r"\s+", "", text)
