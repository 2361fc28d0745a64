"""The command ``doctor``."""

from __future__ import annotations

import typer
from rich.table import Table

from gradjudge.cli.console import err, out
from gradjudge.reports.lines import escape


def doctor() -> None:
    """Show which layers of the jail this machine offers; exit 1 if a required one is missing."""
    from gradjudge.sandbox.doctor import examine

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("layer", "active", "required", "detail"):
        table.add_column(title)
    layers = examine()
    for layer in layers:
        mark = "[green]yes[/]" if layer.active else "[bold red]no[/]" if layer.required else "no"
        table.add_row(layer.name, mark, "yes" if layer.required else "no", escape(layer.detail))
    out.print(table)
    missing = [layer for layer in layers if layer.required and not layer.active]
    for layer in missing:
        err.print(f"[bold red]{escape(layer.name)} is required and missing:[/] {escape(layer.remedy)}")
    if missing:
        raise typer.Exit(1)
