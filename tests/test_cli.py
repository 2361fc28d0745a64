"""What the command line prints is text, whoever wrote it."""

from __future__ import annotations

from rich.markup import render

from gradjudge.cli import escape


def test_what_is_shown_gives_no_orders() -> None:
    """Neither markup nor terminal codes of a submission act; tabs, newlines and no-break spaces stay."""
    hostile = "[red]\x1b[2J\x9b1m\r\ta\nb\u00a0:"
    assert render(escape(hostile)).plain == "[red]\\x1b[2J\\x9b1m\\x0d\ta\nb\u00a0:"
