"""The command list."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Annotated, Literal

import typer

from alerts import shipped
from alerts.cli.app import App, get_app, instant
from alerts.cli.command_group import cli
from alerts.cli.commitment_rows import next_alert_row, row_of
from alerts.cli.listed_commitments import print_commitments
from alerts.cli.options import At, Json
from alerts.cli.other_processes import warn_if_rules_differ
from alerts.cli.output import as_rfc3339, note, print_array
from alerts.cli.terminal import Terminal
from alerts.cli.unreached_warnings import warn_without_recipient
from alerts.core.stage_wording import stage_now
from alerts.views.list_filters import Wanted
from alerts.views.listing import Entry, Listing, entries_in_order

out = Terminal()
STATUSES = ("open", "fulfilled", "breached", "withdrawn")
MOST_LISTED = 5_000  # commitments
AT_ONCE = 1_000  # commitments that are read at a time for JSON
MANY = 50  # commitments: a listing of more says how to have fewer
Texts = list[str] | None


Owners = Annotated[Texts, typer.Option("--owner", metavar="KEY", help="Only of this owner (repeatable).")]
Tags = Annotated[Texts, typer.Option("--tag", metavar="T", help="Only with this tag (repeatable).")]
Parties = Annotated[Texts, typer.Option("--party", metavar="KEY", help="Only owed by or to it (repeatable).")]
Status = Annotated[
    Literal["overdue", "due", "ahead", "review", "acknowledged", "snoozed"] | None,
    typer.Option(
        "--status", metavar="STATE", help="Only overdue, due, ahead, under review (`review`), acknowledged or snoozed."
    ),
]
Overdue = Annotated[bool, typer.Option("--overdue", help="Short for --status overdue.")]
DueWithin = Annotated[
    int | None, typer.Option("--due-within", metavar="DAYS", min=0, help="Only overdue, or due in so many days.")
]
Search = Annotated[str, typer.Option("--search", metavar="TEXT", help="Only with this text in key, title or note.")]
Everything = Annotated[bool, typer.Option("--all", help="Print all, where there are more than 5,000.")]
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
    everything: Everything = False,
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
    warn_if_rules_differ(app)
    found = entries_in_order(app, wanted, now, closed=closed)
    if as_json:
        print_array(_as_json(app, found, now))
        return
    counts = app.store.ledger.count_by_status()
    tracked = sum(counts.get(one, 0) for one in (STATUSES if closed else ("open",)))
    if not tracked:
        seed = shipped.folder("seeds") / "us-china-truce-2025.yaml"
        out.print(f"{app.store.name} has no commitments yet: start with `alerts load {seed}`")
        return
    _print_listed(app, found if everything else islice(found, MOST_LISTED + 1), now, tracked, everything=everything)


def _print_listed(app: App, found: Iterable[Entry], now: datetime, tracked: int, *, everything: bool) -> None:
    entries = list(found)
    more = not everything and len(entries) > MOST_LISTED
    listing = Listing.of(app, entries[:MOST_LISTED] if more else entries, now)
    print_commitments(out, [listing.shown(one) for one in listing.entries], app.zone)
    if more:
        rest = "for the rest: --all, or --json; for fewer: --overdue, --due-within 30, --owner, --tag, --search"
        note(f"only the first {MOST_LISTED:,} are shown, and {tracked:,} commitments are tracked; {rest}")
    else:
        _print_count(len(listing.entries), tracked)
    if pending := len(listing.next_alerts.pending):
        note(f"{pending:,} next alerts are not known yet: the daemon works them out, or `alerts tick`")
    warn_without_recipient(app, [one.tracked for one in listing.entries])


def _print_count(shown: int, of: int) -> None:
    """Print how many are shown where some are not, and how to have fewer where a terminal cannot hold them."""
    many = out.is_terminal and shown > MANY
    if shown < of or many:
        count = f"{shown:,} of {of:,}" if shown < of else f"{of:,}"
        text = f"{count} commitments" + "; for fewer: --overdue, --due-within 30, --owner, --tag, --search" * many
        out.print(text, style="dim")


def _as_json(app: App, found: Iterable[Entry], now: datetime) -> Iterator[str]:
    """Yield each commitment as JSON. Some are read at a time."""
    rest = iter(found)
    while some := list(islice(rest, AT_ONCE)):
        listing = Listing.of(app, some, now)
        yield from (json.dumps(_json(app, listing, one)) for one in listing.entries)


def _json(app: App, listing: Listing, entry: Entry) -> dict[str, object]:
    """Return a commitment as JSON shows it. `stage` is that of `current_occurrence` where it recurs."""
    item, current = entry
    row = row_of(app, item, listing.own.get(item.id, ()), listing.now) | next_alert_row(listing.next_alert_at(item))
    bounds = {"earliest": as_rfc3339(current.bounds.earliest), "latest": as_rfc3339(current.bounds.latest)}
    occurrence = {"name": current.occurrence, **bounds} if current.occurrence else None
    return row | {"stage": stage_now(current, listing.now), "current_occurrence": occurrence}
