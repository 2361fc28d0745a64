"""Kill processes of many gradings at seeded random moments, and print the results.

Run by ``make faults``; exit code 1 if a report was lost or doubled, a point lost by our fault, or a verdict changed.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from faults.cohort_under_fire import Damage, Kill, UnderFire, hear_interrupts
from leftovers import adopt_orphans

COPIES = 3
#: Reports between two kills in one run, so that each hits another submission.
APART = 2
KINDS = {
    "a session": ("session", signal.SIGKILL),
    "a judge": ("judge", signal.SIGKILL),
    "the zygote": ("zygote", signal.SIGKILL),
    "the judge host": ("host", signal.SIGKILL),
    "the command": ("command", signal.SIGKILL),
    "the command, SIGINT": ("command", signal.SIGINT),
    "the command, SIGTERM": ("command", signal.SIGTERM),
}
TIMES = {"a session": 30, "a judge": 30, "the zygote": 20, "the judge host": 20, "the command": 30}
FEW = 8


def rounds(
    under_fire: UnderFire, kind: str, number: signal.Signals, times: int, rng: random.Random
) -> Iterator[Damage]:
    """Grade the whole cohort again and again until there were enough kills."""
    done, students = 0, len(under_fire.right)
    while done < times:
        under_fire.clear()
        for kills in list(plans(kind, number, students, rng)):
            damage = under_fire.grade(kills, rng, jobs=2 if kind == "command" else 1)
            done += damage.times
            yield damage
            if done >= times:
                break
        yield under_fire.complete()


def plans(kind: str, number: signal.Signals, students: int, rng: random.Random) -> Iterator[list[Kill]]:
    """Yield the kills during each command of a round: one that ends it, or many that it survives."""
    if kind == "command":
        yield [Kill(kind, 0, rng.uniform(0.0, 4.0), number)]
        for at in range(1, students - 1, APART):
            yield [Kill(kind, at, rng.uniform(0.0, 0.6), number)]
    else:
        yield [Kill(kind, at, rng.uniform(0.0, 0.6), number) for at in range(1, students - 1, APART)]


def main() -> int:
    """Run the campaign and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--share", type=float, default=1.0, help="of the usual number of faults")
    parser.add_argument("--folder", type=Path, help="where to work (default: a temporary folder)")
    chosen = parser.parse_args()
    adopt_orphans()
    hear_interrupts()
    damages: dict[str, Damage] = {}
    with tempfile.TemporaryDirectory(prefix="gradjudge-faults-", dir=chosen.folder) as folder:
        under_fire = UnderFire(Path(folder) / "course", COPIES)
        for name, (kind, number) in KINDS.items():
            damage = damages[name] = Damage()
            times = max(1, round(TIMES.get(name, FEW) * chosen.share))
            for one in rounds(under_fire, kind, number, times, random.Random(f"{chosen.seed} {name}")):
                damage += one
                print(f"{name}: {damage.times} of {times}", *one.wrong, sep="\n  ", file=sys.stderr, flush=True)
    print_table(damages, chosen.seed)
    return 0 if all(damage.clean for damage in damages.values()) else 1


def print_table(damages: dict[str, Damage], seed: int) -> None:
    """Print the table as Markdown."""
    print(f"Seed {seed}; {sum(damage.times for damage in damages.values())} faults.\n")
    print("| killed | times | reports lost | doubled | zeros by our fault | other bytes | anything else |")
    print("|---|---|---|---|---|---|---|")
    for name, damage in damages.items():
        counts = (damage.times, damage.lost, damage.doubled, damage.zeros, damage.other_bytes, len(damage.wrong))
        print(f"| {name} | {' | '.join(map(str, counts))} |")


if __name__ == "__main__":
    sys.exit(main())
