"""Processes are killed at seeded random moments: no report is lost or doubled, no point lost by our fault."""

from __future__ import annotations

import random
import signal

import pytest
from faults.cohort_under_fire import Damage, Kill, UnderFire


def test_killing_the_host_at_the_start_ends_the_command(under_fire: UnderFire) -> None:
    """There is one clear message, and the next run grades everyone."""
    under_fire.clear()
    damage = under_fire.grade([Kill("host", 0, 0.0)], random.Random(0))
    assert damage.times == 1
    assert damage.clean, damage


@pytest.mark.parametrize("kinds", [("session", "judge", "zygote"), ("host", "judge", "session")])
def test_killing_the_commands_children_costs_no_point(under_fire: UnderFire, kinds: tuple[str, ...]) -> None:
    """The command goes on; a second run writes the same bytes."""
    rng = random.Random(",".join(kinds))
    under_fire.clear()
    damage = under_fire.grade([Kill(kind, 2 * at + 1, rng.uniform(0.0, 0.5)) for at, kind in enumerate(kinds)], rng)
    assert damage.times == len(kinds)
    damage += under_fire.complete()
    assert damage.clean, damage


def test_a_killed_or_stopped_command_can_be_resumed(under_fire: UnderFire) -> None:
    """SIGKILL, SIGTERM and SIGINT, at the start and in the middle; each run resumes where the last one stopped."""
    rng = random.Random(4)
    under_fire.clear()
    kills = [
        Kill("command", 0, rng.uniform(0.0, 2.0), signal.SIGTERM),
        Kill("command", 1, rng.uniform(0.0, 0.5)),
        Kill("command", 3, rng.uniform(0.0, 0.5), signal.SIGINT),
        Kill("command", 4, rng.uniform(0.0, 0.5), signal.SIGTERM),
        Kill("command", 5, rng.uniform(0.0, 0.5)),
    ]
    damage = Damage()
    for kill in kills:
        damage += under_fire.grade([kill], rng, jobs=2)
    assert damage.times == len(kills)
    damage += under_fire.complete()
    assert damage.clean, damage
