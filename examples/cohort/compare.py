"""Compare the reports of the sample cohort with what each submission is expected to get.

    python examples/cohort/compare.py build/grades

An expectation (``expected/<lab>/<student>.toml``) was reasoned out from the statement and the points of
``grading.toml`` before anything was graded. It says

* ``score``: points of the automatic items;
* ``lost``: every item that is not ``passed`` with full points, with its points and its state; or ``"all"``, where every
  automatic item fails with 0 points but those under ``earned``;
* ``absent``: words that may stand nowhere in the report, staff's part included;
* ``cells``: how many cells end in a state other than passed (``timed-out``, ``crashed``), where that is the point.

Exit code 1 if anything differs.
"""

from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SHOWN = 8  # differences that are listed of one submission


def differences(expected: dict[str, Any], text: str) -> list[str]:
    """List what in a report (its JSON text) is not as expected."""
    verdict = json.loads(text)["verdict"]
    auto = {name: item for name, item in verdict["items"].items() if item.get("kind", "auto") == "auto"}
    found = [f"score {verdict['score']:g}, expected {expected['score']:g}"] * (verdict["score"] != expected["score"])
    found += [f"{name}: {item['points']:g} points, {item['state']}; expected {points:g}, {state}"
              for name, item in auto.items()
              for points, state in [_due(expected, name, item["max"])]
              if (item["points"], item["state"]) != (points, state)]
    found += [f"manual item {name} is {item['state']}" for name, item in verdict["items"].items()
              if name not in auto and item["state"] != "pending"]
    found += [f"{word!r} stands in the report" for word in expected.get("absent", ()) if word in text]
    states = [cell["state"] for cell in verdict.get("cells", ())]
    found += [f"{states.count(state)} cells {state}, expected {count}"
              for state, count in expected.get("cells", {}).items() if states.count(state) != count]
    return found


def _due(expected: dict[str, Any], name: str, most: float) -> tuple[float, str]:
    """Return the points and the state that an item should have."""
    lost = expected.get("lost", {})
    if lost == "all":
        return (most, "passed") if name in expected.get("earned", ()) else (0.0, "failed")
    return (lost[name]["points"], lost[name]["state"]) if name in lost else (most, "passed")


def main(grades: Path) -> int:
    """Compare every expectation with its report; say what differs."""
    expectations = sorted((HERE / "expected").glob("*/*.toml"))
    faults = []
    for file in expectations:
        name = f"{file.parent.name}, {file.stem}"
        report = grades / file.parent.name / f"{file.stem}.json"
        if not report.is_file():
            faults.append(f"{name}: no report {report}")
            continue
        expected = tomllib.loads(file.read_text(encoding="utf-8"))
        found = differences(expected, report.read_text(encoding="utf-8"))
        faults += [f"{name}: {fault}" for fault in found[:SHOWN]]
        faults += [f"{name}: and {len(found) - SHOWN} more"] * (len(found) > SHOWN)
    handed_in = {(folder.name, folder.parent.name) for folder in (HERE / "submitted").glob("*/*") if folder.is_dir()}
    unexpected = handed_in - {(file.parent.name, file.stem) for file in expectations}
    faults += [f"{lab}, {student}: no expectation" for lab, student in sorted(unexpected)]
    print(*faults, sep="\n", end="\n" * bool(faults))
    print(f"{len(expectations)} submissions:", "not all as expected" if faults else "every score and state as expected")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
