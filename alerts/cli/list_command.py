"""The command list."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from alerts import shipped
from alerts.cli.app import App, get_app, instant
from alerts.cli.command_group import cli
from alerts.cli.commitment_rows import NextAlerts, answered, next_alert_row, row_of
from alerts.cli.list_filters import Wanted
from alerts.cli.options import At, Json
from alerts.cli.other_processes import warn_if_rules_differ
from alerts.cli.unreached import warn_without_recipient, without_recipient
from alerts.core.rules import matching
from alerts.core.stage_wording import describe_standing, order_of, stage_now
from alerts.core.tracked import OwnSnooze, Tracked
from alerts.deadlines.bounds import describe_bounds

out = Console(highlight=False, emoji=False)
UNLIMITED = 10_000
WIDE = 100  # columns: in fewer, each commitment takes lines of its own
STYLES = {"overdue": "red", "due": "yellow"}
Texts = list[str] | None


Owners = Annotated[Texts, typer.Option("--owner", metavar="KEY", help="Only of this owner (repeatable).")]
Tags = Annotated[Texts, typer.Option("--tag", metavar="T", help="Only with this tag (repeatable).")]
Parties = Annotated[Texts, typer.Option("--party", metavar="KEY", help="Only owed by or to it (repeatable).")]
Status = Annotated[
    Literal["overdue", "due", "ahead", "review", "acknowledged", "snoozed"] | None,
    typer.Option("--status", help="Only commitments in this state."),
]
Overdue = Annotated[bool, typer.Option("--overdue", help="Short for --status overdue.")]
DueWithin = Annotated[
    int | None, typer.Option("--due-within", metavar="DAYS", min=0, help="Only overdue, or due in so many days.")
]
Search = Annotated[str, typer.Option("--search", metavar="TEXT", help="Only with this text in key, title or note.")]
Closed = Annotated[bool, typer.Option("--closed", help="Include closed commitments.")]


@cli.command("list")
def list_(
    context: typer.Context,
    owner: Owners = None,
    tag: Tags = None,
    party: Parties = None,
    status: Status = None,
    overdue: Overdue = False,
    due_within: DueWithin = None,
    search: Search = "",
    closed: Closed = False,
    at: At = None,
    as_json: Json = False,
) -> None:
    """List tracked commitments: overdue ones first, then by date."""
    app, now = get_app(context), instant(at)
    wanted = Wanted(
        owners=frozenset(owner or ()),
        tags=frozenset(tag or ()),
        parties=frozenset(party or ()),
        status="overdue" if overdue else status,
        within=due_within,
        text=search,
    )
    everything = app.store.ledger.tracked(closed=closed)
    warn_if_rules_differ(app)
    rules = app.settings.rules
    listing = _Listing.of(app, [one for one in everything if wanted.takes(one, rules, now)], now)
    if as_json:
        print(json.dumps([listing.json(one) for one in listing.tracked]))
    elif everything:
        listing.print(len(everything))
        warn_without_recipient(app, listing.tracked)
    else:
        seed = shipped.folder("seeds") / "us-china-truce-2025.yaml"
        start = f"{app.store.name} has no commitments yet: start with `alerts load {seed}`"
        out.print(start, markup=False, soft_wrap=True)


@dataclass(frozen=True, slots=True)
class _Listing:
    """Commitments in the order in which they are listed, with what is shown of each."""

    app: App
    tracked: Sequence[Tracked]
    now: datetime
    own: dict[int, Sequence[OwnSnooze]]
    next_alerts: NextAlerts
    unowned: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, app: App, tracked: Sequence[Tracked], now: datetime) -> _Listing:
        unowned = {key for keys in without_recipient(app, tracked, app.owners).unowned.values() for key in keys}
        return cls(
            app=app,
            tracked=sorted(tracked, key=lambda one: order_of(one, now)),
            now=now,
            own={**app.store.ledger.own_snoozes(one.id for one in tracked)},
            next_alerts=NextAlerts.of(app, tracked, now),
            unowned=unowned,
        )

    def json(self, item: Tracked) -> dict[str, object]:
        at = None if item.commitment.key in self.unowned else self.next_alerts.at.get(item.id)
        row = row_of(self.app, item, self.own.get(item.id, ()), self.now) | next_alert_row(at)
        return row | {"stage": stage_now(item, self.now)}

    def print(self, of: int) -> None:
        """Print a table, or blocks of lines on a narrow terminal. What is piped has a line for each commitment.

        `of`: how many there are with those that were not asked for.
        """
        if out.is_terminal and out.width < WIDE:
            for item in self.tracked:
                out.print(self._block(item))
        elif out.is_terminal:
            out.print(self._table())
        else:
            Console(file=out.file, highlight=False, emoji=False, width=UNLIMITED).print(self._table())
        if len(self.tracked) < of:
            out.print(f"{len(self.tracked)} of {of} commitments", style="dim", markup=False)

    def _table(self) -> Table:
        owners = any(one.commitment.owner for one in self.tracked)
        table = Table(box=None, header_style="bold", pad_edge=False)
        table.add_column("key", no_wrap=True)
        for heading in ("title", "when", "status", *(["owner"] * owners), f"next alert ({self.app.zone})"):
            table.add_column(heading, overflow="fold", no_wrap=not out.is_terminal)
        for item in self.tracked:
            owner = [Text(item.commitment.owner or "")] * owners
            status = Text(self._status(item), self._style(item))
            key, title, when = (Text(cell) for cell in (item.commitment.key, item.commitment.title, _when(item)))
            table.add_row(key, title, when, status, *owner, Text(self._next_alert(item)))
        return table

    def _block(self, item: Tracked) -> Text:
        """Return a commitment on lines of its own: its title, when it is due and how it stands, its key."""
        commitment, style = item.commitment, self._style(item)
        text = Text.assemble((commitment.title, "bold"), "\n  ", _when(item), " · ", (self._status(item), style))
        text.append(f"\n  {commitment.key}", "cyan")
        text.append(f" · {commitment.owner}" if commitment.owner else "")
        text.append(f" · next alert {self._next_alert(item)}" if item.open else "")
        return text

    def _status(self, item: Tracked) -> str:
        standing = describe_standing(item, self.now, self.app.zone)
        return ", ".join([standing, *answered(self.app, item, self.own.get(item.id, ()), self.now)])

    def _style(self, item: Tracked) -> str:
        return STYLES.get(stage_now(item, self.now) or "", "" if item.open else "dim")

    def _next_alert(self, item: Tracked) -> str:
        if not item.open:
            return "–"
        if not matching(self.app.settings.rules, item.commitment):
            return "no rule"
        if item.commitment.key in self.unowned:
            return "no recipient"
        return self.next_alerts.text(item.id)


def _when(item: Tracked) -> str:
    dates = describe_bounds(item.bounds)
    return dates if item.bounds.named or item.recurs else next(iter(item.bounds.explanation), dates)
