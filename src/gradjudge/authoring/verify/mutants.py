"""Make mutants of an assignment's solution: one mistake each, in the code that students write.

The base is a script of the solution notebook's definitions (imports, functions, classes, plain assignments). Only lines
between solution markers are mutated.
"""

from __future__ import annotations

import ast
import difflib
import warnings
from collections.abc import Container, Iterator
from copy import deepcopy
from pathlib import Path

import msgspec

from gradjudge.authoring.release.markers import scan
from gradjudge.authoring.release.source_notebook import Source, SourceCell
from gradjudge.authoring.verify.evasive import PRELUDE, decorators_for
from gradjudge.authoring.verify.operators import ORDINARY
from gradjudge.course.hand_in.definitions import definitions

CONTEXT = 2


class Mutant(msgspec.Struct, frozen=True):
    """The solution with one mistake.

    Attributes:
        name: ``linear:3:drop_factor``: the cell, a number, the operator.
        kind: ``"ordinary"`` or ``"evasive"``.
        operator: name of the mutation.
        cell: ``grade_id`` of the mutated cell.
        source: the whole script.
        changed: the mutated cell.
        diff: unified diff of the cell, as `ast.unparse` writes it.
    """

    name: str
    kind: str
    operator: str
    cell: str
    source: str
    changed: str
    diff: str


class SolutionCells(msgspec.Struct, frozen=True):
    """The definitions of a solution's notebook, one text per code cell, by ``grade_id`` (or cell id).

    Attributes:
        cells: in order.
        solved: the cells that students write into.
    """

    cells: dict[str, str]
    solved: tuple[str, ...]

    def script(self, cell: str = "", text: str = "", before: str = "") -> str:
        """Return a script, with one cell replaced by `text` and `before` at its start."""
        parts = [before, *(text if name == cell else source for name, source in self.cells.items())]
        return "\n\n".join(part for part in parts if part.strip()) + "\n"


def program_of(source: Source) -> SolutionCells:
    """Return the solution's definitions, without decorated functions in given cells: those are visible checks and
    pictures, which run when defined.
    """
    cells, solved = {}, []
    for cell in source.cells:
        if cell.kind == "code":
            name = cell.grade_id or cell.cell_id
            cells[name] = cell.source if cell.is_solution else _undecorated(definitions(cell.source))
            if cell.is_solution:
                cells[name] = definitions(cell.source)
                solved.append(name)
    return SolutionCells(cells, tuple(solved))


def _undecorated(text: str) -> str:
    tree = ast.parse(text)
    kept = [n for n in tree.body if not (isinstance(n, ast.FunctionDef) and n.decorator_list)]
    return ast.unparse(ast.Module(kept, []))


def mutants_of(source: Source, cells: Container[str]) -> list[Mutant]:
    """Return every mutant of the solution, ordinary and evasive, in the order of its text, without duplicates.

    Args:
        cells: ``grade_id`` of the cells of items; exercises without points have no mutants.
    """
    program = program_of(source)
    found: list[Mutant] = []
    for cell in source.cells:
        name = cell.grade_id or cell.cell_id
        if name in program.solved and name in cells:
            found += _of_cell(program, cell, name)
    return found


def _of_cell(program: SolutionCells, cell: SourceCell, name: str) -> Iterator[Mutant]:
    tree = ast.parse(program.cells[name])
    ranges = _solved_lines(cell.source)
    original = ast.unparse(tree)
    seen = {original}
    number = 0
    for kind, operator, text, before in (
        *(("ordinary", operator, text, "") for operator, text in _ordinary(tree, ranges)),
        *(("evasive", operator, text, PRELUDE) for operator, text in _evasive(tree, ranges)),
    ):
        if text in seen or not _compiles(text):
            continue
        seen.add(text)
        number += 1
        yield Mutant(
            name=f"{name}:{number}:{operator}",
            kind=kind,
            operator=operator,
            cell=name,
            source=program.script(name, text, before),
            changed=f"{before}\n\n{text}" if before else text,
            diff=_diff(original, text),
        )


def _ordinary(tree: ast.Module, ranges: list[range]) -> Iterator[tuple[str, str]]:
    """Yield the cell's text with each replacement of each node in turn."""
    for parent, field, place, node in list(_sites(tree)):
        if not any(getattr(node, "lineno", 0) in lines for lines in ranges):
            continue
        for name, operator in ORDINARY.items():
            for replacement in operator(node):
                _put(parent, field, place, replacement)
                yield name, ast.unparse(ast.fix_missing_locations(tree))
                _put(parent, field, place, node)


def _sites(tree: ast.AST) -> Iterator[tuple[ast.AST, str, int | None, ast.AST]]:
    for parent in ast.walk(tree):
        for field, value in ast.iter_fields(parent):
            if isinstance(value, ast.AST):
                yield parent, field, None, value
            elif isinstance(value, list):
                for place, item in enumerate(value):
                    if isinstance(item, ast.AST):
                        yield parent, field, place, item


def _put(parent: ast.AST, field: str, place: int | None, node: ast.AST) -> None:
    if place is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[place] = node


def _evasive(tree: ast.Module, ranges: list[range]) -> Iterator[tuple[str, str]]:
    owners = [("", tree.body), *((node.name, node.body) for node in tree.body if isinstance(node, ast.ClassDef))]
    for owner, body in owners:
        for place, node in enumerate(body):
            if isinstance(node, ast.FunctionDef) and any(_overlaps(node, lines) for lines in ranges):
                for name, decorator in decorators_for(node.name, owner, _taken(node)).items():
                    changed = deepcopy(node)
                    changed.decorator_list.append(ast.parse(decorator, mode="eval").body)
                    body[place] = changed
                    yield name, ast.unparse(ast.fix_missing_locations(tree))
                    body[place] = node


def _taken(node: ast.FunctionDef) -> int:
    return len(node.args.posonlyargs) + len(node.args.args) + (node.args.vararg is not None)


def _overlaps(node: ast.FunctionDef, lines: range) -> bool:
    return node.lineno <= lines.stop and (node.end_lineno or node.lineno) >= lines.start


def _solved_lines(text: str) -> list[range]:
    """Return the lines (from 1) between each pair of markers."""
    regions, _ = scan(text, code=False)
    return [range(region.first, region.last + 1) for region in regions if region.kind == "SOLUTION"]


def _compiles(text: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # such as "is" with a literal
        try:
            compile(text, "<mutant>", "exec")
        except (SyntaxError, ValueError):
            return False
    return True


def _diff(before: str, after: str) -> str:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=CONTEXT)
    return "\n".join(line for line in lines if not line.startswith(("---", "+++")))


def base_file(folder: Path, program: SolutionCells, name: str) -> Path:
    """Write the unchanged script, which must earn full marks before its mutants say anything."""
    path = folder / f"{name}.py"
    path.write_text(program.script(), encoding="utf-8")
    return path
