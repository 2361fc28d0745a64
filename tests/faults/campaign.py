"""Kill processes of gradings by the dozen, at moments that a seed chooses, and print what came of it.

Run by ``make faults``; exit code 1 if anything was lost, doubled, a zero by our fault, or not the same bytes.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from faults.cohort_under_fire import Blow, Toll, UnderFire, hear_interrupts
from leftovers import adopt_orphans

COPIES = 3
#: Reports between two blows in one run: each hits another submission.
APART = 2
KINDS = {
    "a session": ("session", signal.SIGKILL),
    "a judge": ("judge", signal.SIGKILL),
    "the zygote": ("zygote", signal.SIGKILL),
    "the judge host": ("host", signal.SIGKILL),
    "the command": ("orchestrator", signal.SIGKILL),
    "the command, SIGINT": ("orchestrator", signal.SIGINT),
    "the command, SIGTERM": ("orchestrator", signal.SIGTERM),
}
TIMES = {"a session": 30, "a judge": 30, "the zygote": 20, "the judge host": 20, "the command": 30}
FEW = 8


def rounds(under_fire: UnderFire, kind: str, number: signal.Signals, times: int, rng: random.Random) -> Iterator[Toll]:
    """Grade the cohort, again and again, until enough blows have been struck; each time to its end."""
    struck, students = 0, len(under_fire.right)
    while struck < times:
        under_fire.clear()
        for blows in list(plans(kind, number, students, rng)):
            toll = under_fire.grade(blows, rng, jobs=2 if kind == "orchestrator" else 1)
            struck += toll.times
            yield toll
            if struck >= times:
                break
        yield under_fire.complete()


def plans(kind: str, number: signal.Signals, students: int, rng: random.Random) -> Iterator[list[Blow]]:
    """Yield the blows of each command of a round: one that ends it, or many that it survives."""
    if kind == "orchestrator":
        yield [Blow(kind, 0, rng.uniform(0.0, 4.0), number)]
        for at in range(1, students - 1, APART):
            yield [Blow(kind, at, rng.uniform(0.0, 0.6), number)]
    else:
        yield [Blow(kind, at, rng.uniform(0.0, 0.6), number) for at in range(1, students - 1, APART)]


def main() -> int:
    """Run the campaign and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--share", type=float, default=1.0, help="of the usual number of faults")
    parser.add_argument("--folder", type=Path, help="where to work (default: a temporary folder)")
    chosen = parser.parse_args()
    adopt_orphans()
    hear_interrupts()
    tolls: dict[str, Toll] = {}
    with tempfile.TemporaryDirectory(prefix="gradjudge-faults-", dir=chosen.folder) as folder:
        under_fire = UnderFire(Path(folder) / "course", COPIES)
        for name, (kind, number) in KINDS.items():
            toll = tolls[name] = Toll()
            times = max(1, round(TIMES.get(name, FEW) * chosen.share))
            for one in rounds(under_fire, kind, number, times, random.Random(f"{chosen.seed} {name}")):
                toll += one
                print(f"{name}: {toll.times} of {times}", *one.wrong, sep="\n  ", file=sys.stderr, flush=True)
    print_table(tolls, chosen.seed)
    return 0 if all(toll.clean for toll in tolls.values()) else 1


def print_table(tolls: dict[str, Toll], seed: int) -> None:
    """Print the table as Markdown."""
    print(f"Seed {seed}; {sum(toll.times for toll in tolls.values())} faults.\n")
    print("| killed | times | reports lost | doubled | zeros by our fault | other bytes | anything else |")
    print("|---|---|---|---|---|---|---|")
    for name, toll in tolls.items():
        counts = (toll.times, toll.lost, toll.doubled, toll.zeros, toll.other_bytes, len(toll.wrong))
        print(f"| {name} | {' | '.join(map(str, counts))} |")


if __name__ == "__main__":
    sys.exit(main())
