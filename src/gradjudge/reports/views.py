"""Views of a report in one language, for people and scripts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from gradjudge.reports.record import PENDING, CheckResult, ItemResult, Report, verdict_digest


def public_view(report: Report, language: str, *, staff: bool = False) -> dict[str, Any]:
    """Return what ``gradjudge check --json`` prints.

    The student's view (the default) has the checks' titles, states and messages; `staff` adds the details.
    """
    verdict = report.verdict
    view: dict[str, Any] = {
        "assignment": verdict.assignment,
        "student": verdict.student,
        "language": language,
        "score": verdict.score,
        "max_score": verdict.max_score,
        "pending": verdict.pending,
        "ungraded": list(report.ungraded),
        "items": {name: _item_view(name, item, report, language, staff) for name, item in verdict.items.items()},
        "cells": [{"cell": c.index, "state": c.state, "message": said(c.message, language)} for c in verdict.cells],
        "reasons": reasons(report, language),
        "notes": [said(note, language) for note in verdict.notes],
        "late": None if verdict.late is None else msgspec.to_builtins(verdict.late),
        "device": report.run.device,
        "jail": list(report.run.jail),
        "digest": verdict_digest(report),
    }
    if staff:
        view["run"] = msgspec.to_builtins(report.run)
    return view


def reasons(report: Report, language: str) -> list[dict[str, Any]]:
    """Return each message once, with the number of its checks and their items, the most frequent first."""
    found: dict[str, list[str]] = {}
    for name, item in report.verdict.items.items():
        for check in item.checks:
            message = said(check.message, language)
            if check.state != "passed" and message:
                found.setdefault(message, []).append(name)
    told = [
        {"message": message, "count": len(items), "where": list(dict.fromkeys(items))}
        for message, items in found.items()
    ]
    return sorted(told, key=lambda one: -one["count"])


def _item_view(name: str, item: ItemResult, report: Report, language: str, staff: bool) -> dict[str, Any]:
    view: dict[str, Any] = {
        "points": item.points,
        "max": item.max,
        "state": item.state,
        "kind": item.kind,
        "checks": [_check_view(name, check, report, language, staff) for check in item.checks],
    }
    if item.judged_with:
        view["judged_with"] = list(item.judged_with)
    if item.hint and item.state not in ("passed", PENDING):
        view["hint"] = said(item.hint, language)
    return view


def _check_view(item: str, check: CheckResult, report: Report, language: str, staff: bool) -> dict[str, Any]:
    view: dict[str, Any] = {
        "name": check.name,
        "title": said(check.title, language),
        "state": check.state,
        "message": said(check.message, language),
        "mistake": check.mistake,
    }
    if check.max:
        view |= {"points": check.points, "max": check.max}
    run = report.run.checks.get(f"{item}/{check.name}")
    if staff and run is not None:
        view |= {"seconds": run.seconds, "detail": run.detail}
    return view


def said(texts: Mapping[str, str], language: str) -> str:
    """Return the text in a language, or in the first available one."""
    return texts.get(language) or next(iter(texts.values()), "")
