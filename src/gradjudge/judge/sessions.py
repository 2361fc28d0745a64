"""One submission's sessions: run the cells, restart after a crash, answer the checks.

A session that dies is restarted and the cells are replayed, in full at most twice, then only their definitions. A cell
that killed the session or ran out of time is never replayed in full.

Seconds are time at work of the student's code (see `gradjudge.sandbox.meter`), without waits for a processor and
without the judge's own computing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from enum import IntEnum

from msgspec.structs import replace

from gradjudge.course.hand_in.definitions import MOST_REMAINING, definitions, remaining
from gradjudge.course.hand_in.scripts import parses, split_script
from gradjudge.course.hand_in.submission import Cell, Submission
from gradjudge.course.rubric import Assignment
from gradjudge.errors import InternalError
from gradjudge.judge.cell_messages import (
    LONGEST_CELL,
    OUT_OF_TIME,
    SKIPPED,
    TOO_LONG,
    cut,
    ended,
    failed,
    of_cell,
    stopped,
    unknown_magic,
)
from gradjudge.judge.proxy.failures import bounded_detail, over_limit
from gradjudge.judge.source.own_text import OwnText
from gradjudge.reports.record import CellResult
from gradjudge.sandbox.client import Session, SessionLost
from gradjudge.sandbox.policy import Limits
from gradjudge.text import Text
from gradjudge.wire.messages import CellDone, Drop, PassesDone, Raised, Reply, Request, RunCell

FULL_REPLAYS = 2
#: Number of deaths by a signal of unknown origin, each at another place, for which a submission is judged anew.
FORGIVEN = 2
#: Maximum number of restarts of one submission's session.
RESTARTS = 24
#: Share of ``submission_seconds`` that the cells may use, so that some is left for the checks.
CELLS_SHARE = 0.6
#: Share after which the remaining cells are not run at all, not even their definitions.
DEFINITIONS_SHARE = 0.8
#: Seconds at work between the interrupt of a cell and the kill.
GRACE = 0.5
#: Seconds at work for a fresh session's first answer.
FIRST_ANSWER = 10.0
OUTPUT_KEPT = 32_000
#: Limits that on some systems refuse the call and on others kill the session; students are told the same.
WATCHED = ("threads", "disk")
#: Limits that stay exhausted: after hitting one, the next check gets a new session.
LASTING = (*WATCHED, "descriptors")
#: Maximum characters of a cell whose definitions below a failing line are run.
LONGEST_REST = 128 << 10


class SessionKilled(InternalError):
    """A session died of a signal that we did not send: an administrator's, or the submission's own.

    One death does not tell which. The submission is judged anew from its start; a session that dies at the same place
    again has killed itself.

    Attributes:
        place: what the session was doing.
    """

    def __init__(self, place: str, detail: str) -> None:
        super().__init__(f"a session was killed from outside at {place} ({detail})")
        self.place = place


class Extent(IntEnum):
    """How much of a cell may be run."""

    NOTHING = 0
    DEFINITIONS = 1
    ALL = 2


class LiveSession:
    """The session of one submission, restarted when needed.

    Args:
        submission: what was handed in.
        open_session: starts a fresh jailed session.
        assignment: for its limits and the languages of messages.
        killed_at: places at which a session of an earlier judge was killed by a signal of unknown origin.
    """

    def __init__(
        self,
        submission: Submission,
        open_session: Callable[[], Session],
        assignment: Assignment,
        killed_at: Collection[str] = (),
    ) -> None:
        self.cells: dict[int, CellResult] = {}
        self.details: dict[str, str] = {}
        self.output = ""
        self.restarts = 0
        self.layers: tuple[str, ...] = ()
        self._submission = submission
        self._text = OwnText(submission.cells)
        self._open_session = open_session
        self._limits = assignment.limits
        self._languages = assignment.languages
        self._session: Session | None = None
        self._lost: SessionLost | None = None
        self._killed_at = killed_at
        self._killed: SessionKilled | None = None
        self._used_up = False
        self._place = ""
        self._extents: dict[int, Extent] = {}
        self._used = self._waited = 0.0  # of the sessions that have ended
        self._until = self._limits.submission_seconds

    @property
    def used(self) -> float:
        """Seconds at work so far, in all sessions."""
        return self._used + (0.0 if self._session is None else self._session.used)

    @property
    def waited(self) -> float:
        """Seconds spent waiting for a processor, which are not charged."""
        return self._waited + (0.0 if self._session is None else self._session.waited)

    def run_cells(self) -> None:
        """Run every cell in order, continuing after a failure, a time-out or a death.

        Raises:
            InternalError: a session could not be started, or was killed from outside.
        """
        self._open()
        for position, cell in enumerate(self._submission.cells):
            if self._session is None and not self._try_reopen(position):
                self._record(cell, "skipped", "", SKIPPED)
                continue
            self._run_first(cell)

    def _run_first(self, cell: Cell) -> None:
        if len(cell.source.encode(errors="replace")) > LONGEST_CELL:  # does not fit into a message
            self._extents[cell.index] = Extent.NOTHING
            self._record(cell, "too-long", "", TOO_LONG)
            return
        self._place = f"cell {cell.index}"
        left = self._left(CELLS_SHARE)
        if left <= 0:
            self._extents[cell.index] = Extent.DEFINITIONS if self._left(DEFINITIONS_SHARE) > 0 else Extent.NOTHING
            self._record(cell, "skipped", "", SKIPPED)
        seconds = min(self._limits.cell_seconds, max(left, 1.0))
        try:
            done = self._run(cell, seconds)
        except SessionLost as lost:
            self._extents[cell.index] = Extent.DEFINITIONS
            if lost.reason == "timed-out":
                self._record(cell, "timed-out", lost.detail, self._stopped(seconds))
            else:
                self._record(cell, "crashed", lost.detail, ended(self.over_limit(lost.reason)))
            return
        if done is None:
            return
        self._keep_output(cell, done.output)
        if left <= 0:  # only its definitions were run: their errors do not matter
            return
        if done.interrupted:
            self._extents[cell.index] = Extent.DEFINITIONS
            self._record(cell, "timed-out", done.error.text if done.error else "", self._stopped(seconds))
        elif done.error is not None and done.error.limit in WATCHED:
            self._record(cell, "crashed", done.error.text, ended(self.over_limit(done.error.limit)))
        elif done.error is not None:
            told = self._text.told(self.with_most(done.error))
            here = told.place is not None and done.error.place is not None and done.error.place[0] == cell.index
            self._record(cell, "failed", done.error.text, failed(told), told.place[1] if here and told.place else 0)
        elif done.magic and (said := unknown_magic(cell.source, done.magic)):
            self._record(cell, "magic", "", said)
        elif done.truncated:
            self._record(cell, "cut", "", cut(self._limits.output_kb))
        if done.used_up:
            self._extents[cell.index] = Extent.DEFINITIONS
            self._close()

    def _left(self, share: float = 1.0) -> float:
        """Return the seconds left of a share of the submission's time."""
        return share * self._limits.submission_seconds - self.used

    def _run(self, cell: Cell, seconds: float, most: Extent = Extent.ALL) -> CellDone | None:
        """Run the permitted part of a cell; return None if that is empty."""
        extent = min(self._extents.get(cell.index, Extent.ALL), most)
        if extent is Extent.NOTHING:
            return None
        source = cell.source if extent is Extent.ALL else definitions(cell.source)
        if not source.strip():
            return None
        reply = self._send(RunCell(cell.index, source, cell.mode, _rest(source)), seconds, grace=GRACE)
        if not isinstance(reply, CellDone):
            self._close()
            raise SessionLost("protocol", f"a cell was answered with {type(reply).__name__}")
        return reply

    def _open(self) -> None:
        session = self._open_session()
        try:
            session.ask(Drop(), seconds=FIRST_ANSWER)
        except SessionLost as lost:  # the student's code has not run yet, so this is not their fault
            session.close()
            raise InternalError(f"a fresh session did not answer: {lost}") from lost
        self._session, self._lost, self.layers = session, None, session.layers
        self._used_up = False

    def _try_reopen(self, cells: int) -> bool:
        try:
            self._reopen(cells)
        except SessionLost:
            return False
        return True

    def _reopen(self, cells: int) -> None:
        """Start the session again and replay the first `cells` cells.

        Raises:
            SessionLost: there were too many restarts, or no time is left.
        """
        while self._session is None:
            if self._left() <= 0:
                raise SessionLost("out-of-time", f"no time was left to start it again after {self.restarts} restarts")
            if self.restarts >= RESTARTS:
                raise SessionLost("restarts", f"not started again after {self.restarts} restarts")
            self.restarts += 1
            self._open()
            most = Extent.ALL if self.restarts <= FULL_REPLAYS else Extent.DEFINITIONS
            for cell in self._submission.cells[:cells]:
                if self._left() <= 0:  # hundreds of cells could each overrun a little
                    self._close()
                    raise SessionLost("out-of-time", "no time was left to replay the cells")
                if not self._replay(cell, most):
                    break

    def _replay(self, cell: Cell, most: Extent) -> bool:
        extent = min(self._extents.get(cell.index, Extent.ALL), most)
        self._place = f"cell {cell.index}, replay {self.restarts}"
        try:
            done = self._run(cell, min(self._limits.cell_seconds, max(self._left(), 1.0)), most)
        except SessionLost:
            self._extents[cell.index] = Extent(max(extent - 1, 0))
            return False
        if done is not None and (done.interrupted or done.used_up):
            self._extents[cell.index] = Extent(max(extent - 1, 0))
        if done is not None and done.used_up:
            self._close()
            return False
        return True

    @contextmanager
    def check(self, name: str) -> Iterator[None]:
        """Run one check, with a live session and a time limit.

        Raises:
            SessionLost: the session cannot be restarted any more.
            SessionKilled: it was killed from outside, even if the check has caught that.
        """
        if self._session is None:
            self._reopen(len(self._submission.cells))
        self._place = f"check {name}"
        self._until = min(self.used + self._limits.check_seconds, self._limits.submission_seconds)
        try:
            yield
        finally:
            if self._killed is not None:
                raise self._killed
            if self._used_up:
                self._close()
            if self._session is not None:
                self._until = self.used + 1.0
                try:
                    self.ask(Drop())
                except SessionLost:
                    self._close()

    def ask(self, request: Request) -> Reply:
        """Ask the session within the time of the current check.

        Raises:
            SessionLost: it died, broke the protocol, or the check's time is over.
        """
        if self._session is None:  # repeat the reason, so that clean-up after a time-out does not hide it
            raise self._lost or SessionLost("crashed", "the session is gone")
        left = self._until - self.used
        if left <= 0:
            self._close()
            self._lost = SessionLost(self._time_out_reason(), "the check's time is over")
            raise self._lost
        try:
            return self._send(request, left)
        except SessionLost as lost:
            if lost.reason != "timed-out" or self._time_out_reason() == "timed-out":
                raise
            self._lost = SessionLost(self._time_out_reason(), lost.detail)
            raise self._lost from lost

    def _time_out_reason(self) -> str:
        """Return whether the check's own time is over, or that of the submission."""
        return "out-of-time" if self._until >= self._limits.submission_seconds else "timed-out"

    def _send(self, request: Request, seconds: float, grace: float | None = None) -> Reply:
        assert self._session is not None
        try:
            reply = self._session.ask(request, seconds=seconds, grace=grace)
            self._used_up |= _exhausts(reply)
            return reply
        except SessionLost as lost:
            self._close()
            self._lost = lost
            if lost.reason != "killed":
                raise
            self._lost = self._own_death(lost)
            raise self._lost from lost

    def _own_death(self, killed: SessionLost) -> SessionLost:
        """Return a death by signal as the submission's own crash; raise SessionKilled if it may not be."""
        if self._place not in self._killed_at and len(self._killed_at) < FORGIVEN:
            self._killed = SessionKilled(self._place, killed.detail)
            raise self._killed from killed
        return SessionLost("crashed", killed.detail)

    def _close(self) -> None:
        if self._session is not None:
            self._used, self._waited = self.used, self.waited
            self._session.close()
            self._session = None

    def close(self) -> None:
        """End the session and remove its scratch folder."""
        self._close()

    def __enter__(self) -> LiveSession:
        """Return itself; the session starts with `run_cells`."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the session."""
        self.close()

    def with_most(self, raised: Raised) -> Raised:
        """Fill in the value of the limit that was hit."""
        return replace(raised, most=self._most(raised.limit))

    def over_limit(self, reason: str) -> Text | None:
        """Say which limit the code exceeded; None if `reason` is not a limit."""
        return over_limit(reason, self._most(reason))

    def _most(self, limit: str) -> int:
        return Limits.for_submission(self._limits).most(limit)

    def _stopped(self, seconds: float) -> Text:
        return OUT_OF_TIME if seconds < self._limits.cell_seconds else stopped(seconds)

    def _record(self, cell: Cell, state: str, detail: str, done: Text, line: int = 0) -> None:
        """Record what became of a cell: `done` completes a sentence about it, at `line` (0 if unknown)."""
        self.cells[cell.index] = CellResult(cell.index, state, of_cell(cell, done, line).in_languages(self._languages))
        if detail:
            self.details[str(cell.index)] = bounded_detail(detail)

    def _keep_output(self, cell: Cell, text: str) -> None:
        if text.strip():
            self.output = f"{self.output}[{cell.number or cell.line}] {text}\n"[-OUTPUT_KEPT:]


def _exhausts(reply: Reply) -> bool:
    """Tell whether a reply reports hitting a limit that stays exhausted."""
    raised = [one.raised for one in reply.results] if isinstance(reply, PassesDone) else [reply]
    return any(isinstance(one, Raised) and one.limit in LASTING for one in raised)


def _rest(source: str) -> tuple[tuple[int, str], ...]:
    """Return the definitions of a cell, with their lines, that the session runs if the cell fails above them.

    If the cell as a whole does not parse, it is split as a script is, and what parses is used.
    """
    if len(source) > LONGEST_REST:
        return ()
    whole = remaining(source)
    if whole or parses(source):
        return whole
    pieces = split_script(source, MOST_REMAINING)
    return tuple((piece.line - 1 + line, text) for piece in pieces for line, text in remaining(piece.source))
