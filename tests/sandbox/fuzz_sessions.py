"""Fuzz the session's client: ``python tests/sandbox/fuzz_sessions.py --sessions 3000`` (``make fuzz``).

Each session is a hostile peer at the other end of a real socket. Whatever it does, asking must end in time, in a reply
that fits or in SessionLost with a true reason.
"""

from __future__ import annotations

import argparse
import collections
import random
import sys
import tempfile
from pathlib import Path

from sandbox.peers import Action, Peers, draw_script
from wire.mutator import Mutator

from gradjudge.sandbox.client import JailedSession, SessionLost
from gradjudge.sandbox.policy import Limits, Policy
from gradjudge.wire.messages import FITTING, Drop, Get, Ref, Request, RunCell

SECONDS = 0.1
MOST_SECONDS = 60.0
"""An ask that takes longer counts as hung."""
LONGEST = 40_000
"""Bytes of a script, which must fit into one datagram."""
REQUESTS: tuple[Request, ...] = (Get(Ref("x")), Get(Ref(1, ("y",))), Drop(), Drop(), RunCell(0, "x", "python"))
ANSWER: tuple[bytes, list[bytes]] = (b"\x92\xa6answer\xc0", [])
CELL_DONE: tuple[bytes, list[bytes]] = (b"\x96\xa9cell_done\xc0\xc2\xa0\x00\xc2", [])


class FuzzedSessions:
    """Play scripts, drawn from a seed, against the client; count how they end."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._mutator = Mutator(seed)
        self._peers = Peers()
        self.asked = 0
        self.ends: collections.Counter[str] = collections.Counter()
        self.faults: list[str] = []

    def close(self) -> None:
        """End the peers."""
        self._peers.close()

    def play(self, number: int) -> None:
        """Play one session to its end, and record what was wrong with the client."""
        rng = random.Random(f"{self._seed}:{number}")
        script = self._script(rng, number)
        with tempfile.TemporaryDirectory() as folder:
            scratch = Path(folder) / "scratch"
            scratch.mkdir()
            policy = Policy(scratch=Path(folder), limits=Limits(memory_mb=1 << 14), jailed=False, required=())
            session = JailedSession(self._peers.fork(script), policy, scratch)
            try:
                end = self._ask_on(session, rng, len(script))
            except Exception as error:  # noqa: BLE001  # any exception counts
                self.faults.append(f"{number}: {type(error).__name__}: {error}")
                return
            finally:
                session.close()
        self.ends[end] += 1
        exits = any(action[0] == "exit" for step in script for action in step)
        may = {"protocol", "timed-out", "crashed"} if exits else {"protocol", "timed-out"}
        if end not in may:
            self.faults.append(f"{number}: ended as {end}: {script[-1]!r:.300}")

    def _script(self, rng: random.Random, number: int) -> list[list[Action]]:
        heads: list[tuple[bytes, list[bytes]]] = []
        while len(heads) < 3:
            message = self._mutator.message(number * 100 + rng.randrange(100))
            blobs = [bytes(blob) for blob in message.blobs]
            if len(message.head) + sum(map(len, blobs)) < LONGEST // 16:
                heads.append((message.head, blobs))
        heads += [ANSWER] * 9 + [CELL_DONE]
        return draw_script(rng, heads)

    def _ask_on(self, session: JailedSession, rng: random.Random, most: int) -> str:
        """Ask until the session is lost; then once more, which must raise the same exception."""
        for _ in range(most + 1):
            request = rng.choice(REQUESTS)
            self.asked += 1
            before = session.used
            try:
                reply = session.ask(request, seconds=SECONDS, grace=rng.choice((None, SECONDS)))
            except SessionLost as lost:
                try:
                    session.ask(request, seconds=SECONDS)
                except SessionLost as again:
                    if again is lost:
                        return lost.reason
                raise AssertionError("a lost session was not lost for good") from lost
            finally:
                if session.used - before > MOST_SECONDS:
                    raise AssertionError("an ask that did not end in time")
            if not isinstance(reply, FITTING[type(request)]):
                raise AssertionError(f"{type(reply).__name__} for {type(request).__name__}")
        raise AssertionError("a script that ended, and a session that was not lost")


def main() -> int:
    """Play sessions and print the figures; exit with 1 if the client was at fault."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sessions", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    fuzzed = FuzzedSessions(asked.seed)
    for number in range(asked.sessions):
        fuzzed.play(number)
    fuzzed.close()
    print(f"hostile sessions    {asked.sessions:,}, asked {fuzzed.asked:,} times (seed {asked.seed})")
    print(f"lost for            {', '.join(f'{reason} {count:,}' for reason, count in sorted(fuzzed.ends.items()))}")
    print(f"other ends          {len(fuzzed.faults)}")
    print("\n".join(fuzzed.faults))
    return 1 if fuzzed.faults else 0


if __name__ == "__main__":
    sys.exit(main())
