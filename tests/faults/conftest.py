"""One cohort with undisturbed verdicts, for all tests of faults."""

from __future__ import annotations

import pytest
from faults.cohort_under_fire import UnderFire, hear_interrupts
from leftovers import adopt_orphans


@pytest.fixture(scope="session")
def under_fire(tmp_path_factory: pytest.TempPathFactory) -> UnderFire:
    """Return the cohort."""
    adopt_orphans()
    hear_interrupts()
    return UnderFire(tmp_path_factory.mktemp("fire") / "course")
