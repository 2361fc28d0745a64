"""A live session survives crashes, time-outs and exhausted limits of its submission."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import pytest

from gradjudge.course.hand_in.submission import Cell, Submission
from gradjudge.course.rubric import Assignment, GradingLimits
from gradjudge.errors import InternalError
from gradjudge.judge.sessions import FORGIVEN, RESTARTS, LiveSession, SessionKilled
from gradjudge.sandbox.client import SessionLost
from gradjudge.wire.messages import Answer, CellDone, Drop, Get, Raised, Ref, Reply, Request, RunCell

Script = Callable[[str], Reply | SessionLost]
DEAD = SessionLost("crashed", "dead on arrival")


class FakeSession:
    """A session that answers each cell according to a script, and logs what was run."""

    layers = ("fake",)
    waited = 0.0

    def __init__(self, script: Script, log: list[str], works: Mapping[str, float] = MappingProxyType({})) -> None:
        self.used = 0.0
        self._works = works
        self._script = script
        self._log = log
        self._lost = False

    def ask(self, request: Request, *, seconds: float, grace: float | None = None) -> Reply:
        """Answer, or be lost for good."""
        assert seconds > 0
        assert not self._lost, "a lost session was asked again"
        if isinstance(request, Drop):
            if self._script("drop") == DEAD:
                raise DEAD
            return Answer()
        source = request.source if isinstance(request, RunCell) else "get"
        self._log.append(source)
        self.used += self._works.get(source, 0.0)
        reply = self._script(source)
        if isinstance(reply, SessionLost):
            self._lost = True
            raise reply
        return reply

    def close(self) -> None:
        """Log the end."""
        self._log.append("close")


def live_session(
    sources: Sequence[str | Cell],
    script: Script,
    killed_at: tuple[str, ...] = (),
    works: Mapping[str, float] = MappingProxyType({}),
    languages: tuple[str, ...] = ("en", "fr"),
    **limits: float,
) -> tuple[LiveSession, list[str]]:
    """Return a live session over some cells, and a log of what its fake sessions did."""
    log: list[str] = []
    cells = tuple(
        one if isinstance(one, Cell) else Cell(index, one, "ipython", number=index + 1)
        for index, one in enumerate(sources)
    )
    submission = Submission("tp1", "x.ipynb", "0" * 64, "notebook", cells)

    def open_session() -> FakeSession:
        log.append("open")
        return FakeSession(script, log, works)

    chosen = GradingLimits(cell_seconds=limits.get("cell", 1.0), submission_seconds=limits.get("all", 100.0))
    assignment = Assignment("tp1", {}, (), limits=chosen, languages=languages)
    return LiveSession(submission, open_session, assignment, killed_at), log


def fine(source: str) -> Reply | SessionLost:
    """Succeed always."""
    return CellDone() if source != "get" else Answer(1)


def killer(*bad: str, reason: str = "crashed") -> Script:
    """Return a script in which some sources end the session."""
    return lambda source: SessionLost(reason, "") if source in bad else fine(source)


def refuser(refused: Raised) -> Script:
    """Return a script in which cells succeed and checks are refused something."""
    return lambda source: refused if source == "get" else fine(source)


def test_cells_run_in_order_in_one_session() -> None:
    """An honest notebook needs one session and leaves no trace of trouble."""
    session, log = live_session(["a = 1", "b = 2"], fine)
    session.run_cells()
    assert log == ["open", "a = 1", "b = 2"]
    assert (session.cells, session.restarts, session.layers) == ({}, 0, ("fake",))


def test_a_cell_that_raises_does_not_stop_the_rest() -> None:
    """The failure is recorded for the student, with the details for staff."""
    raised = CellDone(error=Raised("ZeroDivisionError", True, "trace"))
    session, log = live_session(["1 / 0", "b = 2"], lambda source: raised if source == "1 / 0" else fine(source))
    session.run_cells()
    assert log[-1] == "b = 2"
    assert session.cells[0].state == "failed"
    assert "ZeroDivisionError" in session.cells[0].message["fr"]
    assert session.details == {"0": "trace"}


def test_a_failed_cell_says_where_and_why() -> None:
    """The line is the one that raised, not the first of the cell; a module is named if it is written there."""
    error = Raised("ModuleNotFoundError", True, "trace", (0, 2), cause="module", name="kaggle_secrets")
    source = "import json\nimport kaggle_secrets"
    session, _ = live_session([source], lambda given: CellDone(error=error) if given == source else fine(given))
    session.run_cells()
    assert session.cells[0].message == {
        "en": "code cell 1, line 2, raised ModuleNotFoundError: there is no module `kaggle_secrets` here",
        "fr": "la cellule de code 1, ligne 2, a levé ModuleNotFoundError\u00a0:"
        " il n'y a pas de module `kaggle_secrets` ici",
    }


@pytest.mark.parametrize(
    ("place", "en", "fr"),
    [
        ((0, 35), "the code at line 35 raised", "le code de la ligne 35 a levé"),
        ((0, 22), "the code from line 23 on raised", "la partie du code qui commence à la ligne 23 a levé"),
        ((1, 35), "the code from line 23 on raised", "la partie du code qui commence à la ligne 23 a levé"),
        (None, "the code from line 23 on raised", "la partie du code qui commence à la ligne 23 a levé"),
    ],
)
def test_the_line_of_a_script_is_the_one_that_raised(place: tuple[int, int] | None, en: str, fr: str) -> None:
    """In a long class with one wrongly indented line, the first line would be of no help."""
    source = "\n" * 22 + "class Value:\n" + "    x = 1\n" * 11 + "      y = 2"
    cell = Cell(0, source, "python", line=23)
    error = Raised("IndentationError", True, "trace", place)
    session, _ = live_session([cell], lambda given: CellDone(error=error) if given == source else fine(given))
    session.run_cells()
    assert session.cells[0].message == {"en": f"{en} IndentationError", "fr": f"{fr} IndentationError"}


def test_messages_about_cells_are_in_the_languages_of_the_course() -> None:
    """A course in English alone has no French messages."""
    session, _ = live_session(["exit"], killer("exit"), languages=("en",))
    session.run_cells()
    assert session.cells[0].message == {"en": "code cell 1 ended the Python process; the rest was graded without it"}


def test_what_is_kept_of_a_cells_error_is_bounded() -> None:
    """A session can send a megabyte for each of hundreds of cells; the report keeps both ends of each."""
    done = CellDone(error=Raised("ValueError", True, "first" + "x" * 1_000_000 + "last", (0, 1)))
    session, _ = live_session(["a"], lambda source: done if source == "a" else fine(source))
    session.run_cells()
    assert len(session.details["0"]) < 10_000
    assert session.details["0"].startswith("first")
    assert session.details["0"].endswith("last")


def test_a_killed_session_is_replayed_without_the_killer() -> None:
    """The cells before it are run again, the killer is not, and the rest follows."""
    session, log = live_session(["a = 1", "os._exit(0)", "b = 2"], killer("os._exit(0)"))
    session.run_cells()
    assert log == ["open", "a = 1", "os._exit(0)", "close", "open", "a = 1", "b = 2"]
    assert {index: cell.state for index, cell in session.cells.items()} == {1: "crashed"}


def test_the_definitions_of_a_killer_are_kept() -> None:
    """A cell that defines a function and then dies still defines the function."""
    bad = "def f():\n    return 1\nos._exit(0)"
    session, log = live_session([bad, "b = 2"], killer(bad))
    session.run_cells()
    assert log[-2:] == ["def f():\n    return 1", "b = 2"]


def test_after_two_full_replays_only_definitions_are_replayed() -> None:
    """After the third death only definitions are replayed."""
    session, log = live_session(["work()\nx = 1", "k1()", "k2()", "k3()", "z = 3"], killer("k1()", "k2()", "k3()"))
    session.run_cells()
    assert log.count("work()\nx = 1") == 3
    assert log[-2:] == ["\nx = 1", "z = 3"]
    assert session.restarts == 3


def test_an_interrupted_cell_is_timed_out_and_not_replayed_in_full() -> None:
    """The session lives on; a later replay leaves the endless loop out."""
    script: Script = lambda source: CellDone(interrupted=True) if "while" in source else killer("die()")(source)  # noqa: E731
    session, log = live_session(["while True: pass", "die()", "b = 2"], script)
    session.run_cells()
    assert [cell.state for cell in session.cells.values()] == ["timed-out", "crashed"]
    assert log.count("while True: pass") == 1


def test_a_check_that_kills_costs_only_itself() -> None:
    """The next check gets a live session."""
    session, log = live_session(["a = 1"], fine)
    session.run_cells()
    lost = SessionLost("crashed", "")
    with pytest.raises(SessionLost), session.check("one"):
        session._session = FakeSession(lambda _: lost, log)
        session.ask(Get(Ref("x")))
    with session.check("one"):
        assert session.ask(Get(Ref("x"))) == Answer(1)
    assert session.restarts == 1


def test_restarts_are_bounded() -> None:
    """A submission that always kills its session is not restarted for ever."""
    deaths = []
    session, log = live_session(["a = 1"], lambda source: SessionLost("crashed", "") if source == "get" else CellDone())
    session.run_cells()
    for _ in range(2 * RESTARTS):
        try:
            with session.check("one"):
                session.ask(Get(Ref("x")))
        except SessionLost as lost:
            deaths.append(lost.reason)
    assert deaths == ["crashed"] * (1 + RESTARTS) + ["restarts"] * (RESTARTS - 1)
    assert log.count("open") == 1 + RESTARTS


def test_cells_leave_time_for_the_checks() -> None:
    """Once the cells' share of the time is used up, only definitions are run and the student is told."""
    works = {"train()": 61, "def f(): pass": 20}
    session, log = live_session(["train()", "def f(): pass\ntrain()", "def g(): pass\ntrain()"], fine, works=works)
    session.run_cells()
    assert log == ["open", "train()", "def f(): pass"]
    assert [cell.state for cell in session.cells.values()] == ["skipped", "skipped"]


def test_what_definitions_raise_is_not_why_a_cell_was_skipped() -> None:
    """The message is that the time was used up, whatever its definitions raise."""
    fails = CellDone(error=Raised("NameError", True, "name 'b' is not defined"))
    script: Script = lambda source: fails if source == "a = b" else fine(source)  # noqa: E731
    session, _ = live_session(["train()", "a = b\ntrain()"], script, works={"train()": 61})
    session.run_cells()
    assert [cell.state for cell in session.cells.values()] == ["skipped"]
    assert "NameError" not in session.cells[1].message["en"]


def test_a_replay_ends_with_the_time_of_the_submission() -> None:
    """Hundreds of slow cells cannot keep a judge busy until it is taken for hung, which would be our fault."""
    sources = [f"x{number} = 1" for number in range(500)]
    session, log = live_session([*sources, "die()"], killer("die()"), works=dict.fromkeys(sources, 0.11))
    session.run_cells()
    with pytest.raises(SessionLost, match="no time was left"), session.check("one"):
        pass
    assert log.count("x0 = 1") == 2
    assert log[-1] == "close"
    assert log.count("open") == 2
    assert session.used == pytest.approx(100.1)


def test_the_reason_tells_whose_time_is_over() -> None:
    """A check that is slow itself differs from one that finds no time left."""
    script: Script = lambda source: SessionLost("timed-out", "") if source == "get" else CellDone()  # noqa: E731
    for before, reason in ((10.0, "timed-out"), (95.0, "out-of-time"), (101.0, "out-of-time")):
        session, _ = live_session(
            ["a = 1"], script, works={"a = 1": before}
        )  # of 100 seconds in all, and 20 for a check
        session.run_cells()
        with pytest.raises(SessionLost) as lost, session.check("one"):
            session.ask(Get(Ref("x")))
        assert lost.value.reason == reason


def test_what_the_judge_computes_is_not_the_students(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the session's answers use up a check's time, not the wall clock."""
    hours = itertools.count(0.0, 3600.0)
    monkeypatch.setattr("time.monotonic", lambda: next(hours))
    session, _ = live_session(["a = 1"], fine, works={"get": 7.0})
    session.run_cells()
    with session.check("one"):
        for _ in range(3):
            session.ask(Get(Ref("x")))
        with pytest.raises(SessionLost, match="time is over"):
            session.ask(Get(Ref("x")))


def test_a_session_that_is_dead_on_arrival_is_our_fault() -> None:
    """A broken session must not look like a student's crash, which would be a zero."""
    session, log = live_session(["a = 1"], lambda source: DEAD if source == "drop" else fine(source))
    with pytest.raises(InternalError, match="dead on arrival"):
        session.run_cells()
    assert log == ["open", "close"]


def test_the_name_of_an_exception_is_one_of_pythons() -> None:
    """No text of the session's own gets into a message as the name of a type."""
    raised = CellDone(error=Raised("\x1b[2J", True, "trace"))
    session, _ = live_session(["1 / 0"], lambda source: raised if source == "1 / 0" else fine(source))
    session.run_cells()
    assert session.cells[0].message["en"] == "code cell 1 raised an exception"


def test_a_signal_of_unknown_origin_is_no_verdict() -> None:
    """An administrator's kill must not cost a student a cell: the submission will be judged anew."""
    session, log = live_session(["a = 1", "b = 2"], killer("b = 2", reason="killed"))
    with pytest.raises(SessionKilled) as killed:
        session.run_cells()
    assert killed.value.place == "cell 1"
    assert log == ["open", "a = 1", "b = 2", "close"]


def test_a_second_death_at_the_same_cell_is_the_students() -> None:
    """A submission that kills itself does so again; its cell is recorded as crashed, and the rest follows."""
    session, log = live_session(["a = 1", "die()", "c = 3"], killer("die()", reason="killed"), ("cell 1",))
    session.run_cells()
    assert {index: cell.state for index, cell in session.cells.items()} == {1: "crashed"}
    assert log[-1] == "c = 3"


def test_a_killed_check_is_no_verdict_whatever_the_check_makes_of_it() -> None:
    """A hidden test may catch the exception; it is raised again at the end of the check."""
    session, _ = live_session(["a = 1"], killer("get", reason="killed"))
    session.run_cells()
    with pytest.raises(SessionKilled, match="check one"), session.check("one"), pytest.raises(SessionKilled):
        session.ask(Get(Ref("x")))
    session, _ = live_session(["a = 1"], killer("get", reason="killed"), ("check one",))
    session.run_cells()
    with pytest.raises(SessionLost) as lost, session.check("one"):
        session.ask(Get(Ref("x")))
    assert lost.value.reason == "crashed"


def test_forgiving_has_an_end() -> None:
    """A submission that kills itself everywhere is not judged anew for each place."""
    places = tuple(f"check {number}" for number in range(FORGIVEN))
    session, _ = live_session(["a = 1", "b = 2"], killer("b = 2", reason="killed"), places)
    session.run_cells()
    assert session.cells[1].state == "crashed"


def test_a_limit_hit_by_a_cell_is_fresh_for_the_next() -> None:
    """The session is restarted after a refused resource, and of that cell only definitions are replayed."""
    bad = "def f():\n    return 1\nstart_threads()"
    refused = CellDone(error=Raised("RuntimeError", True, "trace", limit="threads"), used_up=True)
    session, log = live_session([bad, "b = 2"], lambda source: refused if source == bad else fine(source))
    session.run_cells()
    assert log == ["open", bad, "close", "open", "def f():\n    return 1", "b = 2"]
    assert [cell.state for cell in session.cells.values()] == ["crashed"]
    assert "64 threads and was stopped" in session.cells[0].message["en"]


def test_a_limit_hit_by_a_check_is_fresh_for_the_next() -> None:
    """The session is restarted, except for memory, which is freed by itself."""
    for limit, restarts in (("threads", 1), ("descriptors", 1), ("memory", 0)):
        refused = Raised("OSError", True, "trace", limit=limit)
        session, _ = live_session(["a = 1"], refuser(refused))
        session.run_cells()
        for _ in range(2):
            with session.check("one"):
                session.ask(Get(Ref("x")) if session.restarts == 0 else Drop())
        assert session.restarts == restarts


def test_the_session_gets_what_remains_of_a_cell() -> None:
    """It gets the definitions with their lines; of a cell that does not parse, those of the pieces that do."""
    asked: list[RunCell] = []

    class Listening(FakeSession):
        def ask(self, request: Request, *, seconds: float, grace: float | None = None) -> Reply:
            if isinstance(request, RunCell):
                asked.append(request)
            return super().ask(request, seconds=seconds, grace=grace)

    session, log = live_session(["1 / 0\nx = 1", "print(f'{' if)\ndef f():\n    return 1\ny = 2"], fine)
    session._open_session = lambda: Listening(fine, log)
    session.run_cells()
    assert [cell.rest for cell in asked] == [((2, "x = 1"),), ((2, "def f():\n    return 1"), (4, "y = 2"))]
