"""The documents agree with the code: links, examples, keys, fields, options and figures."""

from __future__ import annotations

import ast
import csv
import inspect
import io
import json
import os
import re
import runpy
import signal
import subprocess
import sys
import textwrap
import tomllib
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
import typer.main
from test_walls import WALLS

import gradjudge
from gradjudge import cli
from gradjudge.checks import FunctionCheck
from gradjudge.checks.functions.robustness import ASPECTS
from gradjudge.cli import console
from gradjudge.cohort import runs
from gradjudge.course import rubric_file
from gradjudge.course.rubric import GradingLimits
from gradjudge.course.rubric_file import load_rubric
from gradjudge.reports import lines
from gradjudge.reports.record import PENDING, STATES, Report
from gradjudge.reports.views import public_view
from gradjudge.sandbox import doctor
from gradjudge.sandbox.policy import FLOOR
from gradjudge.wire.limits import WireLimits
from gradjudge.wire.messages import Reply, Request

ROOT = Path(__file__).parent.parent
PACKAGE = Path(gradjudge.__file__).parent
DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
OTHERS = [ROOT / "CHANGELOG.md", *(ROOT / folder / "README.md" for folder in ("benchmarks", "examples/cohort"))]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)


class Example(NamedTuple):
    """A fenced block: its place, its language, and its text."""

    place: str
    language: str
    text: str


def read(name: str) -> str:
    """Return a document."""
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def examples(language: str) -> list[Example]:
    """Return the fenced blocks of a language in all documents."""
    found = []
    for path in DOCS:
        text = path.read_text(encoding="utf-8")
        for match in FENCE.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            found.append(Example(f"{path.name}:{line}", match[1], match[2]))
    return [one for one in found if one.language == language]


def prose(text: str) -> str:
    """Return a document without its fenced and indented blocks."""
    return re.sub(r"^ {4}.*$", "", FENCE.sub("", text), flags=re.MULTILINE)


def section(text: str, title: str) -> str:
    """Return the text under a heading, subsections included."""
    text = FENCE.sub("", text)
    for match in HEADING.finditer(text):
        if match[2] == title:
            level = len(match[1])
            following = (m.start() for m in HEADING.finditer(text, match.end()) if len(m[1]) <= level)
            return text[match.end() : next(following, len(text))]
    raise AssertionError(f"no heading {title!r}")


def tables(text: str) -> list[list[list[str]]]:
    """Return the tables in a text: rows of cells, without the header."""
    found: list[list[list[str]]] = []
    before = ""
    for line in text.splitlines():
        if line.startswith("|"):
            cells = [cell.strip() for cell in line.strip("|").split(" | ")]
            if not before.startswith("|"):
                found.append([])
            elif not set(line) <= set("|-: "):
                found[-1].append(cells)
        before = line
    return found


def firsts(table: list[list[str]]) -> list[str]:
    """Return the code spans in the first column."""
    return [span for row in table for span in SPAN.findall(row[0])]


def slug(title: str) -> str:
    """Return the anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


# --- links and examples ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*DOCS, *OTHERS], ids=lambda path: str(path.relative_to(ROOT)))
def test_relative_links_work(path: Path) -> None:
    """Linked files and headings exist."""
    for target in LINK.findall(prose(path.read_text(encoding="utf-8"))):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        file = (path.parent / name).resolve() if name else path
        assert file.exists(), target
        if anchor:
            titles = [slug(title) for _, title in HEADING.findall(FENCE.sub("", file.read_text(encoding="utf-8")))]
            assert titles.count(anchor) == 1, target


def complete_rubric() -> str:
    """Return the complete example of ``grading.toml``."""
    (found,) = [one.text for one in examples("toml") if "[course]" in one.text]
    return found


@pytest.mark.parametrize("example", examples("toml"), ids=lambda one: one.place)
def test_every_rubric_example_is_read_by_the_parser(example: Example, tmp_path: Path) -> None:
    """Complete examples are valid; fragments are valid in the complete one."""
    text = example.text if "[course]" in example.text else complete_rubric() + example.text
    path = tmp_path / "grading.toml"
    path.write_text(text, encoding="utf-8")
    assert load_rubric(path).assignments


@pytest.mark.filterwarnings("ignore::pytest.PytestUnknownMarkWarning")  # the plugin registers `item` in judges only
@pytest.mark.parametrize("example", examples("python"), ids=lambda one: one.place)
def test_every_python_example_runs(example: Example, tmp_path: Path) -> None:
    """Its imports and definitions work."""
    path = tmp_path / "example.py"
    path.write_text(example.text, encoding="utf-8")
    assert runpy.run_path(str(path), {"pytest": pytest, "FunctionCheck": FunctionCheck})


RIGHT = """
    import torch

    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, grad_output):
            (x,) = ctx.saved_tensors
            return 2 * x * grad_output

    def train(x, y, lr, epochs):
        w, b = torch.zeros(x.shape[1], 1, dtype=x.dtype), torch.zeros(1, dtype=x.dtype)
        for _ in range(epochs):
            w.requires_grad_(), b.requires_grad_()
            (Square.apply(x @ w + b - y).sum() / len(x)).backward()
            w, b = (w - lr * w.grad).detach(), (b - lr * b.grad).detach()
        return w, b
"""


def test_the_examples_grade_a_cohort(tmp_path: Path) -> None:
    """The documents' rubric and hidden tests grade right and wrong work as the documents say."""
    (tmp_path / "grading.toml").write_text(complete_rubric(), encoding="utf-8")
    (tests,) = [one.text for one in examples("python") if 'item("square.forward")' in one.text]
    for name, text in (
        ("autograder/lab1/test_lab1.py", tests),
        ("submitted/ada/lab1/lab1.py", textwrap.dedent(RIGHT)),
        ("submitted/bob/lab1/lab1.py", textwrap.dedent(RIGHT).replace("2 * x * grad_output", "2 * x")),
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "gradjudge.cli", "grade", "lab1", "--course", str(tmp_path), "--jobs", "1"]
    done = subprocess.run(command, env=os.environ | {"GRADJUDGE_SEED": "docs"}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    ada, bob = (
        msgspec.json.decode((tmp_path / f"grades/lab1/{name}.json").read_bytes(), type=Report).verdict
        for name in ("ada", "bob")
    )
    assert {name: item.points for name, item in ada.items.items()} == {
        "q1": 0,
        "square.forward": 2,
        "square.dx": 4,
        "train": 3,
    }
    assert (ada.score, ada.max_score, ada.pending) == (9, 9, 2)
    assert {name: item.points for name, item in bob.items.items()} == {
        "q1": 0,
        "square.forward": 2,
        "square.dx": 0,
        "train": 3,
    }
    assert bob.items["train"].judged_with == ("Square",)
    said = {check.name: check.message.get("en", "") for check in bob.items["square.dx"].checks}
    assert "is not multiplied by grad_output" in said["square_dx"]


# --- grading.toml ---------------------------------------------------------------------------------------------------


def parsed_keys() -> set[frozenset[str]]:
    """Return the sets of keys that the parser allows, from its calls of ``only``."""
    found = set()
    for node in ast.walk(ast.parse(inspect.getsource(rubric_file))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "only":
            keys = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
            if keys:
                found.add(frozenset(map(str, keys)))
    return found | {frozenset(GradingLimits.__struct_fields__)}


def test_every_key_of_the_rubric_is_documented() -> None:
    """The document has a table with the same keys for each table of the file."""
    documented = {frozenset(firsts(table)) for table in tables(section(read("instructors.md"), "`grading.toml`"))}
    assert documented == parsed_keys()


def test_default_limits_are_the_documented_ones() -> None:
    """The table of limits has the parser's own defaults."""
    (table,) = tables(section(read("instructors.md"), "`[limits]`, `[assignments.NAME.limits]`"))
    assert {row[0].strip("`"): float(row[1]) for row in table} == msgspec.structs.asdict(GradingLimits())


# --- the report -----------------------------------------------------------------------------------------------------


def structs_of(kind: Any) -> Iterator[type[msgspec.Struct]]:
    """Yield a struct and every struct that its fields can hold."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        yield kind
        for hint in typing.get_type_hints(kind).values():
            yield from structs_of(hint)
    for argument in typing.get_args(kind):
        yield from structs_of(argument)


def test_every_field_of_a_report_is_documented() -> None:
    """Each struct of the report has a table with its fields, in order, and there is no other."""
    contents = section(read("report.md"), "Contents")
    titles = {title.strip("`") for level, title in HEADING.findall(contents) if len(level) == 3}
    structs = {struct.__name__: struct for struct in structs_of(Report)}
    assert titles == set(structs)
    for name, struct in structs.items():
        (table,) = tables(section(contents, f"`{name}`"))
        assert firsts(table) == list(struct.__struct_fields__), name


def test_states_are_documented_in_order() -> None:
    """From best to worst."""
    (table,) = tables(section(read("report.md"), "States"))
    assert firsts(table) == [*STATES, PENDING]


def full_report() -> Report:
    """Return a report with every optional part."""
    text = {"en": "a", "fr": "b"}
    check = {"name": "c", "title": text, "state": "failed", "max": 1.0, "message": text}
    item = {"points": 0, "max": 1, "state": "failed", "checks": [check], "judged_with": ["MSE"], "hint": text}
    cell = {"index": 0, "state": "failed", "message": text}
    names = dict.fromkeys(("assignment", "student", "language", "submission", "key"), "")
    totals = dict.fromkeys(("score", "max_score", "pending"), 0)
    rest = {"items": {"i": item}, "cells": [cell], "notes": [text], "late": {"handed_in": "", "penalty": 0}}
    run = {"device": "cpu", "jail": [], "versions": {}, "seconds": 0, "checks": {"i/c": {"seconds": 1}}, "cells": {}}
    return msgspec.convert({"schema": 1, "verdict": names | totals | rest, "run": run}, Report)


def keys_of(view: Any) -> set[str]:
    """Return every key of a view, at any depth, except those of the run and the names of items."""
    if isinstance(view, list):
        return set().union(*map(keys_of, view))
    if not isinstance(view, dict):
        return set()
    inner = [part for name, values in view.items() for part in ([*values.values()] if name == "items" else [values])]
    return set(view).union(*map(keys_of, inner))


def test_every_key_of_the_json_view_is_documented() -> None:
    """The table has the keys of ``check --json``."""
    view = public_view(full_report(), "fr", staff=True)
    keys = keys_of({name: value for name, value in view.items() if name != "run"}) | {"run"}
    text = section(read("report.md"), "`gradjudge check --json`")
    (table,) = tables(text)
    assert keys <= set(SPAN.findall(text))
    assert {name.rpartition(".")[2] for name in firsts(table)} <= keys


def test_columns_of_the_table_of_scores_are_documented() -> None:
    """The header of ``grades.csv`` is the table's first column, in order."""
    (table,) = tables(section(read("report.md"), "`grades.csv`"))
    (head,) = csv.reader(io.StringIO(runs.grades_csv([]).decode()))
    assert firsts(table) == head


def test_exit_codes_are_documented() -> None:
    """The table has the codes of the command line, and those of the signals that stop it."""
    (table,) = tables(section(read("report.md"), "Exit codes"))
    assert [int(row[0]) for row in table] == [
        0,
        console.EXIT_UNGRADED,
        console.EXIT_COURSE,
        console.EXIT_INTERNAL,
        *(console.EXIT_SIGNAL + number for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)),
    ]


# --- the command line -----------------------------------------------------------------------------------------------


def commands() -> dict[str, set[str]]:
    """Return the options of each command of the typer app."""
    group: Any = typer.main.get_command(cli.app)
    return {
        name: {option for parameter in command.params for option in parameter.opts if option.startswith("-")}
        for name, command in group.commands.items()
    }


def options_in(text: str) -> set[str]:
    """Return the options in a text."""
    return set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", text))


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_every_command_that_is_named_exists(path: Path) -> None:
    """With its options."""
    text, known = path.read_text(encoding="utf-8"), commands()
    lines = [*re.findall(r"^ {4}(gradjudge .*)$", text, re.MULTILINE), *SPAN.findall(prose(text))]
    for line in lines:
        command, _, _ = line.partition("#")
        words = command.split() or [""]
        if words[0] == "gradjudge" and words[1:] not in ([], ["--version"]):
            assert words[1] in known, line
            assert options_in(command) <= known[words[1]], line
        elif words[0].startswith("--") and words[0] != "--version":
            assert any(options_in(words[0]) <= options for options in known.values()), line


def test_every_option_is_documented() -> None:
    """Each command has a section with its options; shared options are above."""
    text = section(read("operators.md"), "Commands")
    (shared,) = tables(text[: text.index("###")])
    common = options_in(" ".join(firsts(shared)))
    for name, options in commands().items():
        title = next(title for _, title in HEADING.findall(text) if title.strip("`").split()[:2] == ["gradjudge", name])
        own = options_in(" ".join(firsts([row for table in tables(section(text, title)) for row in table])))
        shared_by = {"doctor": set(), "collect": common - {"--sandbox"}}  # collect runs nothing
        assert own | shared_by.get(name, common) == options, name
    assert "--version" in text


# --- the jail, the wire, the fixtures -------------------------------------------------------------------------------


def test_layers_of_the_jail_are_documented() -> None:
    """The table has every layer of a report, and says which are required."""
    table = tables(section(read("operators.md"), "Layers"))[0]
    code = (PACKAGE / "session/jail/jail.py").read_text() + (PACKAGE / "session/jail/namespaces.py").read_text()
    layers = set(re.findall(r'_layer\(jail, "(\w+)"', code))
    for listed in re.findall(r"(?:return|layers =|layers\.append\() ?\[?(?:\*layers, )?((?:\"\w+\"(?:, )?)+)", code):
        layers |= set(re.findall(r'"(\w+)"', listed))
    assert set(firsts(table)) == layers
    assert {layer.name for layer in doctor.examine()} <= layers
    assert {name for row in table if row[2] == "yes" for name in SPAN.findall(row[0])} == set(FLOOR)


def test_messages_of_the_wire_are_documented() -> None:
    """The design has every request and reply by its tag, and every limit with its value."""
    text = section(read("design.md"), "The wire")
    for title, union in (("Requests", Request), ("Replies", Reply)):
        (table,) = tables(section(text, title))
        assert firsts(table) == [str(cls.__struct_config__.tag) for cls in typing.get_args(union)]
    tags = {str(cls.__struct_config__.tag) for cls in typing.get_args(Reply)}
    (requests,) = tables(section(text, "Requests"))
    assert {span for row in requests for span in SPAN.findall(row[2])} == tags
    limits = tables(section(text, "Values"))[1]
    values = {row[0].strip("`"): size_of(row[1]) for row in limits}
    assert values == msgspec.structs.asdict(WireLimits())


def size_of(text: str) -> int:
    """Read ``100 000`` or ``256 MiB``."""
    number = int(text.removesuffix("MiB").replace(" ", ""))
    return number << 20 if text.endswith("MiB") else number


def test_the_sample_cohort_is_described_as_it_is_graded() -> None:
    """The table of its README has the scores that its files expect."""
    (table,) = tables((ROOT / "examples/cohort/README.md").read_text(encoding="utf-8"))
    said = {name: float(row[-1]) for row in table for name in row[0].split(", ")}
    files = (ROOT / "examples/cohort/expected/tp1_functions").glob("*.toml")
    assert said == {file.stem: float(tomllib.loads(file.read_text(encoding="utf-8"))["score"]) for file in files}


def test_the_folders_of_the_house_are_documented() -> None:
    """The design says what each folder and module at the top holds, in the order in which they build on each other."""
    table = tables(section(read("design.md"), "The house"))[0]
    named = [name.strip("/").removesuffix(".py") for row in table for name in SPAN.findall(row[0])]
    assert named == [*reversed(WALLS)]


def test_fixtures_are_documented() -> None:
    """Every fixture of the plugin, and no other."""
    table = tables(section(read("test-writers.md"), "Fixtures"))[0]
    tree = ast.parse((PACKAGE / "judge/plugin.py").read_text(encoding="utf-8"))
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    fixtures = [f.name for f in functions if any(ast.unparse(d) == "pytest.fixture" for d in f.decorator_list)]
    assert sorted(firsts(table)) == sorted(fixtures)


def test_parts_of_the_battery_are_documented() -> None:
    """The table has every public method of `FunctionCheck`, and every aspect of robustness."""
    text = section(read("test-writers.md"), "The battery")
    (table,) = tables(text)
    named = " ".join(firsts(table))
    methods = {name for name in vars(FunctionCheck) if not name.startswith("_")}
    assert set(re.findall(r"(\w+)\(", named)) == methods
    assert set(re.findall(r'robust\("([\w-]+)"\)', named)) == set(ASPECTS)
    assert set(inspect.signature(FunctionCheck).parameters) == set(re.findall(r"\w+", SPAN.findall(text)[0])) - {
        "FunctionCheck"
    }


# --- students -------------------------------------------------------------------------------------------------------


def test_students_read_the_same_in_both_languages() -> None:
    """The French page has the headings, tables, commands and states of the English one."""
    english, french = read("students.md"), read("students.fr.md")
    shapes = [
        ([len(level) for level, _ in HEADING.findall(text)], [[len(row) for row in table] for table in tables(text)])
        for text in (english, french)
    ]
    assert shapes[0] == shapes[1]
    indented = [re.findall(r"^ {4}\S.*$", text, re.MULTILINE) for text in (english, french)]
    assert indented[0] == indented[1]
    assert firsts(tables(english)[0]) == firsts(tables(french)[0]) == [*STATES, PENDING]
    assert [row[0] for row in tables(french)[0]] == [
        f"{lines.STATE_WORDS[s].said('fr')} (`{s}`)" for s in (*STATES, PENDING)
    ]


def test_french_has_no_break_spaces() -> None:
    """Before high punctuation marks."""
    text = SPAN.sub("code", prose(read("students.fr.md")))
    assert re.findall(r".{0,10} [:;!?»].{0,5}|«[^\u00a0].{0,5}", text) == []


def test_students_read_the_limits_that_hold() -> None:
    """The figures of the table are the defaults of the code."""
    limits = GradingLimits()
    for name in ("students.md", "students.fr.md"):
        figures = [re.findall(r"\d+", row[1].replace("\u00a0000", "000")) for row in tables(read(name))[1]]
        wanted = [
            [limits.cell_seconds],
            [limits.check_seconds],
            [0.6 * limits.submission_seconds],
            [limits.submission_seconds],
            [limits.memory_mb / 1024],
            [limits.scratch_mb, limits.file_mb],
            [limits.output_kb],
            [limits.notebook_mb, limits.cells],
        ]
        assert [[float(one) for one in row] for row in figures[:-1]] == wanted


def test_the_installation_has_what_the_notebooks_import() -> None:
    """After the one command, the first cell of every released notebook imports."""
    (command,) = re.findall(r"^ {4}.*pip install (.*)$", read("students.md"), re.MULTILINE)
    packages = {"sklearn": "scikit-learn"}
    for path in (ROOT / "source").rglob("*.ipynb"):
        cells = [c for c in json.loads(path.read_text(encoding="utf-8"))["cells"] if c["cell_type"] == "code"]
        imported = re.findall(r"^(?:import|from) (\w+)", "".join(cells[0]["source"]), re.MULTILINE)
        wanted = {packages.get(name, name) for name in imported if name not in sys.stdlib_module_names}
        assert wanted <= set(command.split()), path


def test_the_table_of_the_readme_is_the_cohorts() -> None:
    """Scores and the number of submissions in the README are those expected of the sample cohort."""
    files = list((ROOT / "examples/cohort/expected").glob("*/*.toml"))
    expected = {path.stem: tomllib.loads(path.read_text()) for path in files if path.parent.name == "tp1_functions"}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^ {4}(\w+) +([\d.]+)  78  ", readme, re.MULTILINE)
    assert len(rows) >= 5
    assert {name: float(score) for name, score in rows} == {name: expected[name]["score"] for name, _ in rows}
    assert f"{len(expected)} graded, 0 unchanged" in readme
    assert f"{len(files)} submissions: every score" in readme


def test_the_attack_suite_has_as_many_cases_as_it_says() -> None:
    """The table of families in the threat model counts the folders."""
    cases = ROOT / "tests/hostile/cases"
    counted = {family.name: sum(1 for _ in family.iterdir()) for family in cases.iterdir()}
    families = tables(section(read("threat-model.md"), "The attack suite"))[0]
    told = {row[0]: int(row[1]) for row in families if row[1].isdigit()}
    assert told == counted | {"all": sum(counted.values())}


def test_the_cases_of_each_layer_are_documented() -> None:
    """The table of layers names the cases that `tests/end_to_end/test_layers.py` runs without the layer."""
    told = {
        row[0]: set(SPAN.findall(row[1])) for row in tables(section(read("threat-model.md"), "The attack suite"))[2]
    }
    due: dict[str, set[str]] = {}
    for file in (ROOT / "tests/hostile/cases").glob("*/*/case.toml"):
        for layer in tomllib.loads(file.read_text(encoding="utf-8")).get("off", []):
            due.setdefault(layer, set()).add(f"{file.parent.parent.name}/{file.parent.name}")
    assert told == due
