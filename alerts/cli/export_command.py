"""The command export."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from alerts.cli.app import App, get_app, instant
from alerts.cli.command_group import cli
from alerts.cli.complete_files import write_all
from alerts.cli.options import At
from alerts.cli.output import note
from alerts.core.short_lists import few
from alerts.core.tracked import Tracked
from alerts.deadlines.errors import InputError, did_you_mean
from alerts.deadlines.expressions import references
from alerts.deadlines.grammar import parse
from alerts.interchange.export_formats import WRITERS, Content

FORMATS = "|".join(WRITERS)


@cli.command()
def export(
    context: typer.Context,
    keys: Annotated[list[str] | None, typer.Argument(metavar="[KEY]...", help="Keys (default: all open).")] = None,
    file_format: Annotated[
        str | None, typer.Option("--format", metavar=FORMATS, help="Format (default: from the suffix, or yaml).")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="File (default: stdout).")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="All that the database knows, for an empty database (JSON Lines).")
    ] = False,
    at: At = None,
) -> None:
    """Export open commitments to a file that `alerts load` can read.

    With --all the file has closed ones, history, people and what was sent, too.
    """
    if everything:
        if keys or file_format:
            raise typer.BadParameter("takes neither keys nor --format", param_hint="--all")
        write_all(get_app(context), output, instant(at))
        return
    file_format = file_format or _file_format(output)
    if file_format not in WRITERS:
        raise typer.BadParameter(
            f"{file_format!r} is not a format{did_you_mean(file_format, WRITERS)}", param_hint="--format"
        )
    app = get_app(context)
    content = _content(app, keys, instant(at))
    data = WRITERS[file_format](content).encode()
    if output is None:
        typer.echo(data, nl=False)
    else:
        output.write_bytes(data)
        note(f"wrote {len(content.tracked)} to {output}")
    written = {one.commitment.key for one in content.tracked}
    beyond = {other for one in content.tracked for other in references(parse(one.commitment.deadline))} - written
    if beyond:
        note(f"some deadlines depend on commitments that are not exported: {few(sorted(beyond))}")


def _content(app: App, keys: Sequence[str] | None, now: datetime) -> Content:
    """Return the open commitments with some keys, or all of them, and what they refer to."""
    tracked = _chosen(app, keys) if keys else list(app.store.ledger.each())
    who = {key for one in tracked for key in (*one.commitment.by, *one.commitment.to)}
    cited = {source.key for one in tracked for source in one.commitment.sources}
    owners = {one.commitment.owner for one in tracked}
    return Content(
        tracked=tracked,
        people=[person for key, person in app.store.people.of_files().items() if key in owners or not keys],
        parties=[party for key, party in app.store.ledger.parties().items() if key in who or not keys],
        sources=[source for key, source in app.store.ledger.sources().items() if key in cited or not keys],
        sequences=app.store.commitments.sequences(),
        now=now,
    )


def _file_format(output: Path | None) -> str:
    suffix = output.suffix.lower().removeprefix(".") if output else ""
    return {"": "yaml", "yml": "yaml"}.get(suffix, suffix)


def _chosen(app: App, keys: Sequence[str]) -> list[Tracked]:
    """Return the commitments of some keys. Raises InputError for each that is unknown or closed."""
    found, errors = [], []
    for key in dict.fromkeys(keys):
        try:
            one = app.store.commitments.find(key)
        except InputError as error:
            errors.append(str(error))
            continue
        if one.open:
            found.append(one)
        else:
            errors.append(f"{key} is closed ({one.commitment.status}): only open commitments can be exported")
    if errors:
        raise InputError("\n".join(errors))
    return found
