"""Feedback is compared with labels: named, only seen, or wrong, which is a fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradjudge.authoring.verify.corpus import Case, read_corpus
from gradjudge.authoring.verify.naming import Naming, count, faults, mistakes_table, naming
from gradjudge.course.layout import Course
from gradjudge.course.rubric import Assignment, Item
from gradjudge.errors import CourseError
from gradjudge.reports.record import SCHEMA, CheckResult, ItemResult, Report, Run, Verdict

ASSIGNMENT = Assignment("lab", {"en": "Lab"}, (Item("a", 3.0),))


def case(*mistakes: str) -> Case:
    """Make a chaff with these labels."""
    return Case("chaff", "chaff", "It is x | y.", "lab.py", {}, {"a": 3.0}, mistakes)


def report(*told: tuple[str, str]) -> Report:
    """Make a report of failed checks, each with a key and a message, after one that passed."""
    checks = (
        CheckResult("0", {}, "passed"),
        *(CheckResult(en, {}, "failed", message={"en": en, "fr": en}, mistake=key) for key, en in told),
    )
    items = {"a": ItemResult(0.0, 3.0, "failed", checks=checks)}
    return Report(SCHEMA, Verdict("lab", "s", "", "", "", 0.0, 3.0, 0.0, items), Run("cpu", (), {}, 0.0, {}, {}))


def test_every_key_must_be_true_of_the_mistake() -> None:
    """One key that is not a label makes it wrong, whatever else is named; messages without a key do not count."""
    assert naming(case("sign"), report(("", "off"), ("sign", "minus"))).outcome == "named"
    assert naming(case("sign", "order"), report(("order", "swapped"))).outcome == "named"
    assert naming(case("sign"), report(("sign", "minus"), ("order", "swapped"))).outcome == "wrong"
    assert naming(case("sign"), report(("", "off"))).outcome == "seen"
    assert naming(case(), report(("", "off"))).outcome == "seen"
    assert naming(case(), report(("sign", "minus"))).outcome == "wrong"


def test_the_message_that_names_it_is_shown() -> None:
    """The table shows a message with a true key if there is one, else the first message."""
    assert naming(case("sign"), report(("", "off"), ("sign", "minus"))).told == "minus"
    assert naming(case("sign"), report(("", "off"), ("", "also off"))).told == "off"


def test_counts_and_faults() -> None:
    """A chaff without a label counts only if a mistake is named, which is a fault."""
    namings = [
        naming(case("sign"), report(("sign", "minus"))),
        naming(case("sign"), report(("", "off"))),
        naming(case("sign"), report(("order", "swapped"))),
        naming(case(), report(("order", "swapped"))),
        naming(case(), report(("", "off"))),
    ]
    named = count(namings)
    assert (named.labelled, named.right, named.seen, named.wrong) == (3, 1, 1, 2)
    assert named.share == pytest.approx(1 / 3)
    assert faults(namings) == [
        "chaff chaff: its feedback names 'order'; its label is 'sign'",
        "chaff chaff: its feedback names 'order'; it has no line '# mistake: ...'",
    ]


def test_the_table_has_only_labelled_mistakes() -> None:
    """A bar in a message does not end its cell."""
    table = mistakes_table(
        {"lab": [naming(case("sign"), report(("sign", "it | is"))), Naming("other", "", (), (), "")]}
    )
    assert "| `chaff`: It is x \\| y. | sign | it \\| is | named |" in table
    assert "| all | 1 | 1 (100%) | 0 | 0 |" in table
    assert "other" not in table


def write(root: Path, header: str) -> None:
    """Write a wheat, and a chaff with a line in its header."""
    wrong = f'"""Wrong."""\n\n# loses: a\n{header}\n\ndef f(x):\n    return 2\n'
    wheats, chaffs = Course(root).wheats("lab"), Course(root).chaffs("lab")
    for path, text in ((wheats / "plain.py", "def f(x):\n    return 1\n"), (chaffs / "wrong.py", wrong)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def test_labels_are_read_from_the_header(tmp_path: Path) -> None:
    """One key or several; a header without the line has none."""
    for header, labels in (("# mistake: factor 1/q", ("factor 1/q",)), ("# mistake: a, b c", ("a", "b c")), ("", ())):
        write(tmp_path, header)
        assert read_corpus(Course(tmp_path), ASSIGNMENT)[-1].mistakes == labels


def test_an_empty_label_is_refused(tmp_path: Path) -> None:
    """No feedback could name it."""
    write(tmp_path, "# mistake: sign,")
    with pytest.raises(CourseError, match="empty key"):
        read_corpus(Course(tmp_path), ASSIGNMENT)
