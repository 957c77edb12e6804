"""The command list."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from alerts import shipped
from alerts.cli.app import App, get_app
from alerts.cli.command_group import cli
from alerts.cli.commitment_rows import answered, changed_ids, next_alert_row, row_of
from alerts.cli.options import Json
from alerts.cli.other_processes import warn_if_rules_differ
from alerts.cli.output import shown
from alerts.cli.unreached import warn_without_recipient, without_recipient
from alerts.core.rules import matching
from alerts.core.tracked import OwnSnooze, Tracked
from alerts.deadlines.bounds import describe_bounds

out = Console(highlight=False)


@cli.command("list")
def list_(
    context: typer.Context,
    closed: Annotated[bool, typer.Option("--closed", help="Include closed commitments.")] = False,
    as_json: Json = False,
) -> None:
    """List tracked commitments, soonest first."""
    app = get_app(context)
    tracked = app.store.ledger.tracked(closed=closed)
    warn_if_rules_differ(app)
    changed = changed_ids(app)
    unowned = {key for keys in without_recipient(app, tracked, app.owners).unowned.values() for key in keys}
    silent = changed | {item.id for item in tracked if item.commitment.key in unowned}
    next_at = {one: at for one, at in app.store.ledger.next_alert_at().items() if one not in silent}
    own = app.store.ledger.own_snoozes(item.id for item in tracked)
    if as_json:
        rows = [row_of(app, item, own.get(item.id, ())) | next_alert_row(next_at.get(item.id)) for item in tracked]
        print(json.dumps(rows))
        return
    if not tracked:
        seed = shipped.folder("seeds") / "us-china-truce-2025.yaml"
        out.print(
            f"{app.store.name} has no commitments yet: start with `alerts load {seed}`",
            markup=False,
            soft_wrap=True,
        )
        return
    out.print(_table(app, tracked, next_at, own, changed, unowned))
    warn_without_recipient(app, tracked)


def _table(
    app: App,
    tracked: Sequence[Tracked],
    next_at: Mapping[int, datetime],
    own: Mapping[int, Sequence[OwnSnooze]],
    changed: set[int],
    unowned: set[str],
) -> Table:
    """Return a row for each commitment. Those without recipients are red."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("key", no_wrap=True)
    for heading in ("deadline", f"next alert ({app.zone})", "rules"):
        table.add_column(heading)
    for item in tracked:
        rules = [rule.name for rule in matching(app.settings.rules, item.commitment)]
        deadline = describe_bounds(item.bounds) if item.bounds.named or item.recurs else item.commitment.deadline
        if not item.open:
            deadline += f" – {item.commitment.status}"
        deadline += "".join(f" – {line}" for line in answered(app, item, own.get(item.id, ())))
        next_alert = "within a minute" if rules and item.id in changed else shown(next_at.get(item.id), app.zone)
        if item.commitment.key in unowned:
            next_alert = "no recipient"
        cells = (item.commitment.key, deadline, next_alert, ", ".join(rules) or "NONE")
        unreached = (not rules and item.open) or item.commitment.key in unowned
        table.add_row(*map(escape, cells), style="bold red" if unreached else None)
    return table
