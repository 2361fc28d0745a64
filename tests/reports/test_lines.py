"""Reports on the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.markup import render

from gradjudge.reports.lines import cohort_table, escape, report_lines
from gradjudge.reports.record import SCHEMA, CheckResult, CheckRun, ItemResult, Report, Run, Verdict
from gradjudge.reports.views import public_view


def test_markup_and_terminal_codes_are_escaped() -> None:
    """Those of a submission have no effect; tabs, newlines and no-break spaces stay."""
    hostile = "[red]\x1b[2J\x9b1m\r\ta\nb\u00a0:"
    assert render(escape(hostile)).plain == "[red]\\x1b[2J\\x9b1m\\x0d\ta\nb\u00a0:"


def a_report() -> Report:
    """Make a report with a lost item, one judged with a stand-in and a pending one."""
    lost = CheckResult("c", {"en": "A title", "fr": "Un titre"}, "failed", message={"en": "Wrong", "fr": "Faux"})
    items = {
        "mse": ItemResult(0.0, 4.0, "failed", checks=(lost,), hint={"en": "Look", "fr": "Regardez"}),
        "train": ItemResult(2.0, 2.0, "passed", judged_with=("MSE",)),
        "q1": ItemResult(0.0, 3.0, "pending", "manual"),
    }
    verdict = Verdict("tp1", "ada", "fr", "d", "k", 2.0, 6.0, 3.0, items)
    return Report(SCHEMA, verdict, Run("cpu", ("landlock",), {}, 1.0, {"mse/c": CheckRun(0.1, "hidden")}, {}))


def shown(language: str, *, staff: bool = False) -> str:
    """Return that report as the terminal shows it."""
    return "\n".join(render(line).plain for line in report_lines(a_report(), language, staff=staff))


def test_a_report_is_shown_in_the_students_language() -> None:
    """Score, states, messages and hints are in one language, without details for staff."""
    text = shown("fr")
    assert text.startswith("tp1  2 sur 6  (+ 3 à noter par une personne)")
    for said in ("échec", "Un titre", "Faux", "indice\u00a0: Regardez", "évalué avec notre MSE", "landlock"):
        assert said in text
    assert "hidden" not in text
    assert "Wrong" not in text


def test_staff_sees_details() -> None:
    """The details of a failed check are shown to staff only."""
    assert "hidden" in shown("en", staff=True)


def test_a_cohort_is_a_table_of_what_was_lost() -> None:
    """One row per student names the automatic items that lost points."""
    console = Console(width=100)
    with console.capture() as capture:
        console.print(cohort_table([a_report()]))
    assert capture.get().splitlines()[1].split() == ["ada", "2", "6", "failed", "mse"]


def test_a_message_of_many_checks_is_shown_once_with_their_number() -> None:
    """Repetitions would hide the others; the report still has each."""
    message = {"en": "`Value` is not defined.", "fr": "`Value` n'est pas défini."}
    checks = [CheckResult(f"c{n}", {"en": f"Title {n}", "fr": ""}, "failed", message=message) for n in range(3)]
    other = CheckResult("o", {"en": "Other", "fr": ""}, "failed", message={"en": "Wrong", "fr": "Faux"})
    items = {
        "one": ItemResult(0.0, 4.0, "failed", checks=(checks[0], checks[1], other)),
        "two": ItemResult(0.0, 4.0, "failed", checks=(checks[2],)),
    }
    verdict = Verdict("tp0", "ada", "en", "d", "k", 0.0, 8.0, 0.0, items)
    report = Report(SCHEMA, verdict, Run("cpu", (), {}, 1.0, {"two/c2": CheckRun(0.1, "hidden")}, {}))
    for language, count, above in (
        ("en", "(the same for 2 other checks)", "for the same reason as above"),
        ("fr", "(de même pour 2 autres vérifications)", "pour la même raison que plus haut"),
    ):
        text = "\n".join(render(line).plain for line in report_lines(report, language, staff=False))
        assert text.count(message[language]) == text.count(count) == text.count(above) == 1
    assert "hidden" in "\n".join(render(line).plain for line in report_lines(report, "en", staff=True))
    first, second = public_view(report, "en")["reasons"]
    assert first == {"message": message["en"], "count": 3, "where": ["one", "two"]}
    assert second == {"message": "Wrong", "count": 1, "where": ["one"]}
