"""Reading wheats and chaffs."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from gradjudge.authoring.verify.corpus import overridden, read_corpus
from gradjudge.course.layout import Course
from gradjudge.course.rubric import Assignment, Item
from gradjudge.errors import CourseError

COURSE = Course(Path(__file__).parents[2])
BASE = '''"""Right."""
import torch


@decorated
def f(x):
    return 1


class A:
    def f(self):
        return 2


g = A.apply
'''


def test_definitions_replace_those_of_the_same_name() -> None:
    """A function, a class and an assignment are replaced in place; the rest stays."""
    text = overridden(BASE, '"""Wrong."""\n\n# loses: a\n\ndef f(x):\n    return 3\n\n\ng = f\n')
    names: dict[str, object] = {}
    exec(text, names)  # noqa: S102  the test's own code
    assert text.index("return 3") < text.index("class A") < text.index("g = f")
    assert "return 1" not in text
    assert "decorated" not in text
    assert names["g"] is names["f"]


def test_new_definitions_come_first() -> None:
    """A helper and its import exist when the definitions run."""
    text = overridden(BASE, "import math\ndef tool():\n    return math.pi\nclass A:\n    value = tool()\n")
    assert text.index("import torch") < text.index("import math") < text.index("def tool") < text.index("def f(x)")
    assert text.count("class A") == 1


def test_a_change_that_does_not_parse_is_the_courses_mistake(tmp_path: Path) -> None:
    """The file and line are named."""
    write(tmp_path, chaff="# loses: a\ndef f(:\n")
    with pytest.raises(CourseError, match=r"wrong\.py, line 2"):
        read_corpus(Course(tmp_path), ASSIGNMENT)


ASSIGNMENT = Assignment("lab", {"en": "Lab"}, (Item("a", 3.0), Item("b", 2.0)))


def write(root: Path, chaff: str, wheat: str = BASE) -> None:
    """Write a course with one wheat and one chaff."""
    course = Course(root)
    course.wheats("lab").mkdir(parents=True)
    course.chaffs("lab").mkdir()
    (course.wheats("lab") / "plain.py").write_text(wheat)
    (course.chaffs("lab") / "wrong.py").write_text(chaff)


def test_headers_say_what_is_lost(tmp_path: Path) -> None:
    """Whole items and points in brackets; a wheat loses nothing."""
    write(tmp_path, chaff='"""Why.\n\nMore."""\n\n# loses: a, b (0.5)\n\ndef f(x):\n    return 9\n')
    wheat, chaff = read_corpus(Course(tmp_path), ASSIGNMENT)
    assert (wheat.kind, wheat.loses, wheat.why, wheat.main) == ("wheat", {}, "Right.", "lab.py")
    assert (chaff.name, chaff.kind, chaff.why) == ("wrong", "chaff", "Why.")
    assert chaff.loses == {"a": 3.0, "b": 0.5}
    assert "return 9" in chaff.write(tmp_path / "out").read_text()


@pytest.mark.parametrize(
    ("header", "message"),
    [("", "# loses"), ("# loses: c", "no item 'c'"), ("# loses: a (x)", "points in brackets")],
)
def test_a_bad_header_is_refused(tmp_path: Path, header: str, message: str) -> None:
    """A chaff without its losses, with an unknown item or with words for points."""
    write(tmp_path, chaff=f"{header}\ndef f(x):\n    return 9\n")
    with pytest.raises(CourseError, match=message):
        read_corpus(Course(tmp_path), ASSIGNMENT)


def test_a_folder_is_a_submission_with_companions(tmp_path: Path) -> None:
    """The file named after the assignment is graded, else the one chosen as for students."""
    write(tmp_path, chaff="# loses: a\nx = 1\n")
    (Course(tmp_path).wheats("lab") / "two").mkdir()
    (Course(tmp_path).wheats("lab") / "two" / "lab.py").write_text('"""Both."""\nimport tool\n')
    (Course(tmp_path).wheats("lab") / "two" / "tool.py").write_text("")
    two = next(case for case in read_corpus(Course(tmp_path), ASSIGNMENT) if case.name == "two")
    assert (two.main, sorted(two.files), two.why) == ("lab.py", ["lab.py", "tool.py"], "Both.")
    (Course(tmp_path).wheats("lab") / "two" / "lab.py").unlink()
    (Course(tmp_path).wheats("lab") / "two" / "main.py").write_text("import tool\n")
    assert next(case for case in read_corpus(Course(tmp_path), ASSIGNMENT) if case.name == "two").main == "main.py"
    (Course(tmp_path).wheats("lab") / "two" / "main.py").write_text("x = 1\n")
    with pytest.raises(CourseError, match=r"Name it lab\.py"):
        read_corpus(Course(tmp_path), ASSIGNMENT)


def test_the_courses_own_corpus_is_whole() -> None:
    """Every case of tp1_functions parses and describes itself, and no chaff loses more than there is."""
    assignment = COURSE.rubric.assignment("tp1_functions")
    cases = read_corpus(COURSE, assignment)
    assert sum(case.kind == "wheat" for case in cases) >= 5
    assert sum(case.kind == "chaff" for case in cases) >= 18
    for case in cases:
        for name, text in case.files.items():
            if name.endswith(".py"):
                ast.parse(text)
        assert all(0 < points <= assignment.item(item).points for item, points in case.loses.items())
        assert case.kind == "wheat" or (case.why and case.loses), case.name


def test_lines_are_counted_as_python_counts_them() -> None:
    """A form feed in a comment or a string ends no line."""
    text = overridden(BASE.replace("import torch", "# \f\u2028\nimport torch"), "def f(x):\n    return '\f', 3\n")
    assert "return '\f', 3" in text
    assert "return 1" not in text
    compile(text, "<corpus>", "exec")
