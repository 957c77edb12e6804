"""The command audit."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

import typer

from alerts.cli.app import App, day_or_instant, get_app
from alerts.cli.command_group import cli
from alerts.cli.output import note
from alerts.views.audit_export import AuditExport, csv_pieces
from alerts.views.audit_lines import AuditLine
from alerts.views.shown_times import shown

FORMATS = ("csv", "html")


@cli.command()
def audit(
    context: typer.Context,
    what: Annotated[Literal["export"], typer.Argument(metavar="export", help="See below.")],  # noqa: ARG001
    start: Annotated[str, typer.Option("--from", metavar="DAY", help="First day, or a time.")],
    end: Annotated[str, typer.Option("--to", metavar="DAY", help="Last day (included), or a time.")],
    file_format: Annotated[
        str | None, typer.Option("--format", metavar="csv|html", help="Format (default: from the suffix, or csv).")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="File (default: stdout).")
    ] = None,
) -> None:
    """Export what was sent, accepted and changed, as evidence.

    `audit export --from 2026-10-01 --to 2026-10-31` has a line for every try to send a message: to whom,
    the subject, the dates it stated, and which server accepted it. It has a line for every change of a
    commitment: what, by whom, and how that is known. Days are those of `timezone` in the settings.
    """
    file_format = file_format or (output.suffix.lower().removeprefix(".") if output else "") or "csv"
    if file_format not in FORMATS:
        raise typer.BadParameter(f"{file_format!r} is not a format: csv or html", param_hint="--format")
    app = get_app(context)
    since, until = day_or_instant(start, app.zone, inclusive=False), day_or_instant(end, app.zone)
    if until <= since:
        raise typer.BadParameter(f"{end} is before --from {start}", param_hint="--to")
    export = AuditExport(
        database=app.store.database, since=since, until=until, zone=app.zone, shared=app.settings.shared_addresses
    )
    lines = list(export.lines())
    table = b"".join(csv_pieces(lines))
    digest = hashlib.sha256(table).hexdigest()
    times = (shown(since, app.zone), shown(until - timedelta(seconds=1), app.zone))
    content = table if file_format == "csv" else _document(app, lines, times, digest).encode()
    if output is None:
        typer.echo(content, nl=False)
    else:
        output.write_bytes(content)
        note(f"wrote {len(lines):,} {'line' if len(lines) == 1 else 'lines'} to {output}")
    note(f"SHA-256 of the CSV file: {digest}")


def _document(app: App, lines: Sequence[AuditLine], times: tuple[str, str], digest: str) -> str:
    from alerts import shipped
    from alerts.rendering.web_pages import WebPages  # only for a page

    pages = WebPages([shipped.folder("templates")])
    return pages.render("audit", lines=lines, first=times[0], last=times[1], zone=app.zone, digest=digest)
