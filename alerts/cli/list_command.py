"""The command list."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal, NamedTuple

import typer
from rich.console import Console

from alerts import shipped
from alerts.cli.app import App, get_app, instant
from alerts.cli.command_group import cli
from alerts.cli.commitment_rows import NextAlerts, answered, next_alert_row, row_of
from alerts.cli.list_filters import Wanted
from alerts.cli.listed_commitments import ListedCommitment, print_commitments
from alerts.cli.options import At, Json
from alerts.cli.other_processes import warn_if_rules_differ
from alerts.cli.output import as_rfc3339, note
from alerts.cli.printed_lines import printable
from alerts.cli.recipients import everybody, owner_cell
from alerts.cli.unreached import warn_without_recipient, without_recipient
from alerts.core.alert_recipients import RecipientsOfAlerts
from alerts.core.rules import matching
from alerts.core.stage_wording import describe_standing, order_of, stage_now
from alerts.core.tracked import OwnSnooze, Tracked
from alerts.deadlines.bounds import describe_bounds

out = Console(highlight=False, emoji=False)
MANY = 50  # commitments: a listing of more says how to have fewer
STYLES = {"overdue": "red", "due": "yellow"}
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
    listing = _Listing.of(app, everything, wanted, now)
    if as_json:
        print(json.dumps([listing.json(one) for one in listing.entries]))
    elif everything:
        print_commitments(out, [listing.shown(one) for one in listing.entries], app.zone)
        _print_count(len(listing.entries), len(everything))
        if pending := len(listing.next_alerts.pending):
            note(f"{pending:,} next alerts are not known yet: the daemon works them out, or `alerts tick`")
        warn_without_recipient(app, [one.tracked for one in listing.entries])
    else:
        seed = shipped.folder("seeds") / "us-china-truce-2025.yaml"
        start = f"{app.store.name} has no commitments yet: start with `alerts load {seed}`"
        out.print(start, markup=False, soft_wrap=True)


def _print_count(shown: int, of: int) -> None:
    """Print how many are shown where some are not, and how to have fewer where a terminal cannot hold them."""
    many = out.is_terminal and shown > MANY
    if shown < of or many:
        count = f"{shown:,} of {of:,}" if shown < of else f"{of:,}"
        text = f"{count} commitments" + "; for fewer: --overdue, --due-within 30, --owner, --tag, --search" * many
        out.print(text, style="dim", markup=False, soft_wrap=True)


class _Entry(NamedTuple):
    """A commitment, and what counts of it now: of what recurs, the occurrence that is open and ends first."""

    tracked: Tracked
    current: Tracked


@dataclass(frozen=True, slots=True)
class _Listing:
    """Commitments in the order in which they are listed, with what is shown of each."""

    app: App
    entries: Sequence[_Entry]
    now: datetime
    own: dict[int, Sequence[OwnSnooze]]
    next_alerts: NextAlerts
    unowned: set[str]
    known: RecipientsOfAlerts

    @classmethod
    def of(cls, app: App, everything: Sequence[Tracked], wanted: Wanted, now: datetime) -> _Listing:
        entries = [_Entry(one, one.current) for one in everything if wanted.takes_facts(one)]
        entries = [one for one in entries if wanted.takes_state(one.current, app.settings.rules, now)]
        entries.sort(key=lambda one: order_of(one.current, now))
        tracked = [one.tracked for one in entries]
        unowned = {key for keys in without_recipient(app, tracked, app.owners).unowned.values() for key in keys}
        return cls(
            app=app,
            entries=entries,
            now=now,
            own={**app.store.ledger.own_snoozes(one.id for one in tracked)},
            next_alerts=NextAlerts.of(app, tracked, now),
            unowned=unowned,
            known=everybody(app, now),
        )

    def json(self, entry: _Entry) -> dict[str, object]:
        """Return a commitment as JSON shows it. `stage` is that of `current_occurrence` where it recurs."""
        item, current = entry
        at = None if item.commitment.key in self.unowned else self.next_alerts.at.get(item.id)
        row = row_of(self.app, item, self.own.get(item.id, ()), self.now) | next_alert_row(at)
        bounds = {"earliest": as_rfc3339(current.bounds.earliest), "latest": as_rfc3339(current.bounds.latest)}
        occurrence = {"name": current.occurrence, **bounds} if current.occurrence else None
        return row | {"stage": stage_now(current, self.now), "current_occurrence": occurrence}

    def shown(self, entry: _Entry) -> ListedCommitment:
        """Return a commitment as a table shows it."""
        item, current = entry
        standing = describe_standing(current, self.now, self.app.zone)
        answers = answered(self.app, current, self.own.get(item.id, ()), self.now)
        return ListedCommitment(
            key=item.commitment.key,
            title=printable(item.commitment.title),
            when=_when(item, current),
            status=", ".join([standing, *answers]),
            owner=owner_cell(self.known, item.commitment, self.next_alerts.at.get(item.id) or self.now),
            next_alert=self._next_alert(item),
            style=STYLES.get(stage_now(current, self.now) or "", "" if item.open else "dim"),
        )

    def _next_alert(self, item: Tracked) -> str:
        if not item.open:
            return "–"
        if not matching(self.app.settings.rules, item.commitment):
            return "no rule"
        if item.commitment.key in self.unowned:
            return "no recipient"
        return self.next_alerts.text(item.id)


def _when(item: Tracked, current: Tracked) -> str:
    """Return the date of what counts now; without one, why there is none."""
    dates = describe_bounds(current.bounds)
    if item.bounds.recurrence and current.occurrence:
        return f"{dates} ({item.bounds.recurrence.to_text})"
    return dates if item.bounds.named or item.recurs else next(iter(item.bounds.explanation), dates)
