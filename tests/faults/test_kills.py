"""Processes are killed at moments that a seed chooses: nothing is lost, doubled, or a zero by our fault."""

from __future__ import annotations

import random
import signal

import pytest
from faults.cohort_under_fire import Blow, Toll, UnderFire


def test_a_host_that_is_killed_at_the_start_ends_the_command(under_fire: UnderFire) -> None:
    """One clear message, and the next run grades everyone."""
    under_fire.clear()
    toll = under_fire.grade([Blow("host", 0, 0.0)], random.Random(0))
    assert toll.times == 1
    assert toll.clean, toll


@pytest.mark.parametrize("kinds", [("session", "judge", "zygote"), ("host", "judge", "session")])
def test_what_is_killed_below_the_command_costs_nobody_a_point(under_fire: UnderFire, kinds: tuple[str, ...]) -> None:
    """The command goes on; a second run gives the same bytes."""
    rng = random.Random(",".join(kinds))
    under_fire.clear()
    toll = under_fire.grade([Blow(kind, 2 * at + 1, rng.uniform(0.0, 0.5)) for at, kind in enumerate(kinds)], rng)
    assert toll.times == len(kinds)
    toll += under_fire.complete()
    assert toll.clean, toll


def test_a_command_that_is_killed_or_stopped_goes_on_later(under_fire: UnderFire) -> None:
    """SIGKILL, SIGTERM and SIGINT, at the start and in the middle; each run goes on from where the one before was."""
    rng = random.Random(4)
    under_fire.clear()
    blows = [
        Blow("orchestrator", 0, rng.uniform(0.0, 2.0), signal.SIGTERM),
        Blow("orchestrator", 1, rng.uniform(0.0, 0.5)),
        Blow("orchestrator", 3, rng.uniform(0.0, 0.5), signal.SIGINT),
        Blow("orchestrator", 4, rng.uniform(0.0, 0.5), signal.SIGTERM),
        Blow("orchestrator", 5, rng.uniform(0.0, 0.5)),
    ]
    toll = Toll()
    for blow in blows:
        toll += under_fire.grade([blow], rng, jobs=2)
    assert toll.times == len(blows)
    toll += under_fire.complete()
    assert toll.clean, toll
