"""The states of a session as its client sees them (forked, ready, busy, lost), whatever the peer sends and when."""

from __future__ import annotations

import contextlib
import re
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sandbox.fake_child import FakeChild
from sandbox.fuzz_sessions import FuzzedSessions
from sandbox.peers import frame
from wire.samples import REPLIES, REQUESTS

from gradjudge.errors import CourseError, InternalError
from gradjudge.sandbox import client as sessions
from gradjudge.sandbox.client import JailedSession, SessionLost
from gradjudge.sandbox.policy import Limits, Policy
from gradjudge.wire.limits import WireError
from gradjudge.wire.messages import FITTING, Answer, Call, CellDone, Drop, Ref, Reply, Request, RunCell
from gradjudge.wire.values import encode

SOON = 0.03
"""Seconds of an ask that nobody answers."""
LONG = 60.0
"""Seconds of an ask that is answered."""


def open_session(child: FakeChild, folder: Path) -> JailedSession:
    """Take a fake child over."""
    limits = Limits(memory_mb=1 << 20, threads=1 << 20)
    (folder / "scratch").mkdir(exist_ok=True)
    return JailedSession(child, Policy(scratch=folder, limits=limits), folder / "scratch")  # type: ignore[arg-type]


def framed(number: int, reply: Reply | Request) -> bytes:
    """Frame a message."""
    head, *blobs = encode(reply)
    return frame(number, bytes(head), [bytes(blob) for blob in blobs])


def fitting(request: Request) -> list[Reply]:
    """Return the samples that fit a request."""
    return [reply for reply in REPLIES if isinstance(reply, FITTING[type(request)])]


def unfitting(request: Request) -> list[Reply]:
    """Return those that do not."""
    return [reply for reply in REPLIES if not isinstance(reply, FITTING[type(request)])]


Play = Callable[[FakeChild, int, Request], None]

FAULTS: dict[str, Play] = {
    "a reply that does not fit": lambda c, n, r: c.say(framed(n, unfitting(r)[0])),
    "another number": lambda c, n, r: c.say(framed(n + 1, fitting(r)[0])),
    "the number before": lambda c, n, r: c.say(framed(n - 1, fitting(r)[0])),
    "two replies": lambda c, n, r: c.say(framed(n, fitting(r)[0]) * 2),
    "a byte more": lambda c, n, r: c.say(framed(n, fitting(r)[0]) + b"\0"),
    "a request": lambda c, n, r: c.say(framed(n, Drop())),
    "noise": lambda c, n, r: c.say(b"\xff" * 100),
    "a head that is none": lambda c, n, r: c.say(frame(n, b"\xc1", [])),
    "nothing, and its socket closed": lambda c, n, r: c.hang_up(),
    "half a reply, and its socket closed": lambda c, n, r: c.say_and_hang_up(framed(n, fitting(r)[0])[:9]),
}
"""Replies that are protocol errors."""

ENDS: dict[int, str] = {0: "crashed", 3 << 8: "crashed", 77 << 8: "memory", 9: "killed", 35: "killed", 2: "killed"}
"""Wait statuses of a process that ends by itself, and why its session is then lost."""

SILENCES: dict[str, Play] = {
    "nothing": lambda c, n, r: None,
    "half a reply": lambda c, n, r: c.say(framed(n, fitting(r)[0])[:-1]),
    "a promise": lambda c, n, r: c.say(b"%s" % n.to_bytes(4, "little")),
}


class Sessions(RuleBasedStateMachine):
    """One session and its peer. `lost` is the model's state: why the session is lost, or None."""

    folder: Path

    def __init__(self) -> None:
        super().__init__()
        self.child = FakeChild()
        self.session = open_session(self.child, self.folder)
        self.sent = 0
        self.interrupts = 0
        self.lost: SessionLost | None = None
        self.due = ""

    def teardown(self) -> None:
        """End both."""
        self.session.close()

    def ask(self, request: Request, play: Play | None, seconds: float = LONG, grace: float | None = None) -> Any:
        """Ask, while a thread plays the peer; return the reply or SessionLost."""
        thread = threading.Thread(target=self._be_peer, args=(request, play))
        thread.start()
        try:
            return self.session.ask(request, seconds=seconds, grace=grace)
        except SessionLost as lost:
            return lost
        finally:
            if play is None:
                self.child.hang_up()
            thread.join()

    def _be_peer(self, request: Request, play: Play | None) -> None:
        if play is not None:
            with contextlib.suppress(EOFError, WireError):
                play(self.child, self.child.hear(), request)

    def loses(self, got: Any, reason: str) -> None:
        """Require that an ask ended in SessionLost for this reason, and enter that state."""
        assert isinstance(got, SessionLost)
        assert got.reason == reason, got
        self.lost = got

    def reason_of(self, waitstatus: int) -> str:
        """Return the reason that such an end must have; SIGINT is ours once we have sent one."""
        return "timed-out" if waitstatus == signal.SIGINT and self.interrupts else ENDS[waitstatus]

    ready = precondition(lambda self: self.lost is None and not self.due)

    @ready
    @rule(request=st.sampled_from(REQUESTS), data=st.data())
    def right(self, request: Request, data: st.DataObject) -> None:
        """A fitting reply is returned, and the session is ready again."""
        reply = data.draw(st.sampled_from(fitting(request)))
        got = self.ask(request, lambda c, n, r: c.say(framed(n, reply)))
        self.sent += 1
        assert type(got) is type(reply)
        assert [bytes(part) for part in encode(got)] == [bytes(part) for part in encode(reply)]

    @ready
    @rule(request=st.sampled_from(REQUESTS), cuts=st.lists(st.integers(1, 40), max_size=4))
    def right_in_pieces(self, request: Request, cuts: list[int]) -> None:
        """A reply may come in pieces."""

        def play(child: FakeChild, number: int, request: Request) -> None:
            data = framed(number, fitting(request)[0])
            for cut in cuts:
                child.say(data[:cut])
                data = data[cut:]
            child.say(data)

        assert isinstance(self.ask(request, play), FITTING[type(request)])
        self.sent += 1

    @ready
    @rule(request=st.sampled_from(REQUESTS), fault=st.sampled_from(sorted(FAULTS)))
    def wrong(self, request: Request, fault: str) -> None:
        """Anything but a reply to this request is a protocol error."""
        self.loses(self.ask(request, FAULTS[fault]), "protocol")
        self.sent += 1

    @ready
    @rule(request=st.sampled_from(REQUESTS), silence=st.sampled_from(sorted(SILENCES)))
    def silent(self, request: Request, silence: str) -> None:
        """A session that does not answer in time is killed."""
        self.loses(self.ask(request, SILENCES[silence], SOON), "timed-out")
        self.sent += 1

    @ready
    @rule()
    def stuck_in_the_kernel(self) -> None:
        """A process that does not even die is not waited for."""
        self.child.stubborn = True
        self.loses(self.ask(Drop(), SILENCES["nothing"], SOON), "timed-out")
        self.child.stubborn = False
        self.child.end(9)
        self.sent += 1

    @ready
    @rule(waitstatus=st.sampled_from(sorted(ENDS)), half=st.booleans())
    def ends(self, waitstatus: int, half: bool) -> None:
        """The exit status of a process that ends by itself gives the reason."""

        def play(child: FakeChild, number: int, request: Request) -> None:
            child.say(framed(number, Answer())[: 5 * half])
            child.end(waitstatus)

        self.loses(self.ask(Drop(), play), self.reason_of(waitstatus))
        self.sent += 1

    @ready
    @rule(answers=st.sampled_from(["a reply", "silence", "its end"]))
    def interrupted(self, answers: str) -> None:
        """A cell past its time is interrupted; it may still answer, and is killed after its grace."""

        def play(child: FakeChild, number: int, request: Request) -> None:
            child.interrupts.get(timeout=LONG)
            if answers == "a reply":
                child.say(framed(number, CellDone(interrupted=True)))
            elif answers == "its end":
                child.end(2)

        got = self.ask(RunCell(0, "", "python"), play, SOON, grace=SOON if answers == "silence" else LONG)
        self.sent += 1
        if answers == "a reply":
            assert got == CellDone(interrupted=True)
            self.interrupts += 1
        else:
            self.loses(got, "timed-out")

    @ready
    @rule(speaks=st.booleans(), waitstatus=st.sampled_from(sorted(ENDS)))
    def between(self, speaks: bool, waitstatus: int) -> None:
        """Between two requests a session may send nothing, but it may end."""
        if speaks:
            self.child.say(framed(self.sent, Answer()))
            self.due = "protocol"
        else:
            self.child.end(waitstatus)
            self.due = self.reason_of(waitstatus)

    @precondition(lambda self: bool(self.due) and self.lost is None)
    @rule(request=st.sampled_from(REQUESTS))
    def next_one(self, request: Request) -> None:
        """What happened between two requests shows at the next, which is not sent."""
        self.loses(self.ask(request, None), self.due)

    @ready
    @rule()
    def unsendable(self) -> None:
        """A request that cannot be encoded is the caller's fault: nothing is sent, and the session stays ready."""
        with pytest.raises(TypeError):
            self.session.ask(Call(Ref("f"), (object(),)), seconds=LONG)

    @ready
    @rule()
    def closed(self) -> None:
        """A closed session is lost."""
        self.session.close()
        self.loses(self.ask(Drop(), None), "crashed")

    @precondition(lambda self: self.lost is not None)
    @rule(request=st.sampled_from(REQUESTS))
    def after(self, request: Request) -> None:
        """Lost is for good: the same exception is raised at once, and nothing is sent."""
        with pytest.raises(SessionLost) as again:
            self.session.ask(request, seconds=LONG)
        assert again.value is self.lost

    @invariant()
    def nothing_is_sent_twice_or_to_the_dead(self) -> None:
        """The peer has received each request once, in order, and a lost session was killed."""
        assert len(self.child.heard) == self.sent
        if self.lost is not None:
            assert self.child.kills


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait long after a kill."""
    monkeypatch.setattr(sessions, "_END_SECONDS", 0.1)


@pytest.mark.usefixtures("quick")
def test_a_session_is_in_one_of_four_states(tmp_path: Path) -> None:
    """With right, wrong, late, doubled and out-of-turn replies in any order, each ask ends as the model says."""
    machine = type("Machine", (Sessions,), {"folder": tmp_path})
    chosen = settings(
        max_examples=60, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    run_state_machine_as_test(machine, settings=chosen)


@pytest.mark.usefixtures("quick")
def test_hostile_peers_end_in_a_lost_session() -> None:
    """Processes that dribble, stop, close, flood and lie on real sockets are lost, each for a true reason."""
    fuzzed = FuzzedSessions(seed=77)
    try:
        for number in range(120):
            fuzzed.play(number)
    finally:
        fuzzed.close()
    assert fuzzed.faults == []
    assert set(fuzzed.ends) == {"protocol", "timed-out", "crashed"}


@pytest.fixture
def forked(tmp_path: Path) -> Iterator[Callable[[bytes, int | None], JailedSession]]:
    """Take over a child that sends a hello, and may then end."""
    children = []

    def take(hello: bytes, waitstatus: int | None) -> JailedSession:
        children.append(FakeChild(hello))
        if waitstatus is not None:
            children[-1].end(waitstatus)
        return open_session(children[-1], tmp_path)

    yield take
    for child in children:
        child.close()


def said(text: bytes) -> bytes:
    """Frame a hello."""
    return len(text).to_bytes(4, "big") + text


def test_a_forked_session_is_ready_once_its_jail_is_on(
    forked: Callable[[bytes, int | None], JailedSession],
) -> None:
    """A failure before that is the machine's or ours, never the student's."""
    session = forked(said(b'{"layers": ["landlock"]}'), None)
    assert session.layers == ("landlock",)
    session.close()
    with pytest.raises(CourseError, match="seccomp"):
        forked(said(b'{"error": "seccomp is not to be had"}'), None)
    for hello in (b"", b"\0\0", said(b'{"layers": []}')[:9]):
        with pytest.raises(InternalError, match="before it began"):
            forked(hello, 78 << 8)
    with pytest.raises(InternalError, match="began with"):
        forked(b"\xff" * 4, None)


def test_a_zygote_that_is_gone_is_our_fault(tmp_path: Path) -> None:
    """Its sessions die with it, which is not the student's crash, the second time either."""
    child = FakeChild()
    session = open_session(child, tmp_path)
    child.server_gone = True
    child.hang_up()
    for _ in range(2):
        with pytest.raises(InternalError):
            session.ask(Drop(), seconds=LONG)
    session.close()


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(("waitstatus", "reason"), [(signal.SIGINT, "timed-out"), (signal.SIGUSR1, "killed")])
def test_an_interrupt_that_comes_after_the_answer_is_ours(tmp_path: Path, waitstatus: int, reason: str) -> None:
    """If the answer and our interrupt cross, the session's death by SIGINT is our doing."""
    child = FakeChild()
    session = open_session(child, tmp_path)

    def play() -> None:
        number = child.hear()
        child.interrupts.get(timeout=LONG)
        child.say(framed(number, CellDone()))

    thread = threading.Thread(target=play)
    thread.start()
    assert session.ask(RunCell(0, "", "python"), seconds=SOON, grace=LONG) == CellDone()
    thread.join()
    child.end(waitstatus)
    with pytest.raises(SessionLost) as lost:
        session.ask(Drop(), seconds=LONG)
    session.close()
    assert lost.value.reason == reason


DESIGN = Path(__file__).parents[2] / "docs" / "design.md"


def test_the_design_says_which_replies_fit() -> None:
    """The table of requests in the design agrees with the code."""
    rows = re.findall(r"^\| (`[a-z_`, ]+`) \| [^|]+ \| (`[a-z_`, ]+`) \|$", DESIGN.read_text(), re.MULTILINE)
    told = {name: set(re.findall("[a-z_]+", fit)) for names, fit in rows for name in re.findall("[a-z_]+", names)}
    held = {
        str(request.__struct_config__.tag): {str(reply.__struct_config__.tag) for reply in fit}
        for request, fit in FITTING.items()
    }
    assert told == held
