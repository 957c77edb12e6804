"""The command show."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Annotated, Any

import typer

from alerts.cli.app import App, get_app, instant
from alerts.cli.command_group import cli
from alerts.cli.commitment_rows import next_alert_row, row_of
from alerts.cli.delivery_json import delivery_json
from alerts.cli.fitted_rows import Row, print_rows
from alerts.cli.options import At, Json
from alerts.cli.output import as_rfc3339, print_line
from alerts.cli.printed_lines import GAP, packed, print_facts, print_lines
from alerts.cli.terminal import Terminal, printable
from alerts.clock import utc_now
from alerts.core.alert_wording import describe_alert
from alerts.core.field_changes import FieldChange, field_changes
from alerts.core.notice_answers import answer_in
from alerts.core.rules import matching
from alerts.core.schedule.occurrences import exists
from alerts.core.stage_wording import describe_standing
from alerts.core.tracked import OwnSnooze, Revision, Tracked
from alerts.deadlines.bounds import describe_bounds
from alerts.deadlines.errors import InputError
from alerts.views.answers_shown import snoozes
from alerts.views.delivery_texts import before_hours
from alerts.views.history_lines import history_lines
from alerts.views.next_alerts import NextAlerts
from alerts.views.occurrences_shown import latest_occurrences
from alerts.views.shown_times import shown, shown_with_zone, with_local_times

out = Terminal()


NO_ALERT = "none unless the date changes"
MAX_REMINDERS_SHOWN = 20  # the latest
UNLIMITED = 10_000  # columns: what is piped has a line for each thing


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """What `show` shows of a commitment. `next_alerts` is None for the past."""

    item: Tracked
    history: Sequence[Revision]
    reminders: Sequence[Any]
    own: Sequence[OwnSnooze]
    now: datetime
    next_alerts: NextAlerts | None

    @property
    def edits(self) -> Mapping[int, Sequence[FieldChange]]:
        """Return the changed fields by number of revision."""
        return field_changes(self.history)


@cli.command()
def show(
    context: typer.Context,
    key: Annotated[str, typer.Argument(metavar="KEY")],
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="T", help="Show what was known then, such as 2025-11-05T09:00Z.")
    ] = None,
    at: At = None,
    as_json: Json = False,
) -> None:
    """Show a commitment with its dates, history and alerts."""
    app, now = get_app(context), instant(at)
    item = app.store.commitments.find(key)
    found = _Shown(
        item=item,
        history=app.store.ledger.history(item.id),
        reminders=app.store.ledger.reminders(item.id),
        own=app.store.ledger.own_snoozes([item.id]).get(item.id, ()),
        now=now,
        next_alerts=NextAlerts.of(app, [item], now),
    )
    if as_of is not None:
        past = instant(as_of)
        if past > utc_now():
            raise InputError(f"--as-of {as_of} is in the future: nothing is known of that time yet")
        found = _as_of(app, found, past)
    found = replace(found, own=[one for one in found.own if one.at <= found.now])
    if as_json:
        print(json.dumps(_json(app, found), default=str))
    else:
        _print(app, found)


def _as_of(app: App, shown_commitment: _Shown, at: datetime) -> _Shown:
    """Return what was known at a time."""
    return replace(
        shown_commitment,
        item=app.store.commitments.as_of(shown_commitment.item.commitment.key, at),
        history=[revision for revision in shown_commitment.history if revision.recorded_at <= at],
        reminders=[reminder for reminder in shown_commitment.reminders if reminder["planned_at"] <= at],
        now=at,
        next_alerts=None,
    )


def _json(app: App, shown_commitment: _Shown) -> dict[str, Any]:
    """Return all that is shown. `basis` is the old name of `explanation`."""
    item, edits = shown_commitment.item, shown_commitment.edits
    kind, history = item.commitment.kind, shown_commitment.history
    return row_of(app, item, shown_commitment.own, shown_commitment.now) | {
        "explanation": item.bounds.explanation,
        "basis": item.bounds.explanation,
        "assumptions": [*item.commitment.assumptions, *item.bounds.assumptions],
        "note": item.commitment.note,
        "source": item.commitment.source and asdict(item.commitment.source),
        "sources": [asdict(source) for source in item.commitment.sources],
        **next_alert_row(shown_commitment.next_alerts.at.get(item.id) if shown_commitment.next_alerts else None),
        "occurrences": [_occurrence_row(one) for one in _occurrences(item, shown_commitment.now)],
        "history": [_revision_row(revision, edits.get(revision.number, ()), kind) for revision in history],
        "reminders": [_reminder_row(reminder) for reminder in shown_commitment.reminders],
    }


def _print(app: App, shown_commitment: _Shown) -> None:
    item, now = shown_commitment.item, shown_commitment.now
    next_alert, alerts = "", shown_commitment.next_alerts
    if alerts:
        at = alerts.at.get(item.id)
        none = NO_ALERT if item.open else "none: it is closed"
        next_alert = (alerts.text(item.id) + f" {app.zone}" * (at > now)) if at else none
    else:
        out.print(f"as of {shown_with_zone(now, app.zone)}", style="dim")
    print_line(printable(item.commitment.title), style="bold")
    print_facts(out, _facts(app, shown_commitment, next_alert))
    _print_occurrences(item, now)
    out.print("\nHistory", style="bold")
    for line in history_lines(shown_commitment.history, app.zone, item.commitment.kind):
        _print_cells([text for text in line if text])
    if shown_commitment.reminders:
        out.print("\nReminders", style="bold")
        latest = shown_commitment.reminders[-MAX_REMINDERS_SHOWN:]
        if more := len(shown_commitment.reminders) - len(latest):
            out.print(f"  {more:,} earlier: `alerts why {item.commitment.key} --all` lists them", style="dim")
        print_rows(out, [Row(_reminder_cells(item, reminder, app.zone)) for reminder in latest], indent="  ")


def _print_cells(cells: Sequence[str]) -> None:
    """Print what belongs together on a line, or on several where the terminal is too narrow."""
    width = out.width if out.is_terminal else UNLIMITED
    print_lines(out, packed(map(printable, cells), GAP, width, indent="  ", hanging="      "))


def _facts(app: App, shown_commitment: _Shown, next_alert: str) -> list[tuple[str, str]]:
    item, now = shown_commitment.item, shown_commitment.now
    commitment, bounds = item.commitment, item.bounds
    rules = ", ".join(rule.name for rule in matching(app.settings.rules, commitment))
    sources = (", ".join(filter(None, (one.key, one.locator, one.quote))) for one in commitment.sources)
    snoozed = snoozes(app, item, shown_commitment.own, now)
    return [
        ("deadline", commitment.deadline),
        ("dates", describe_bounds(bounds)),
        ("state", _state(item, now, app.zone)),
        ("who", " → ".join(filter(None, (", ".join(commitment.by), ", ".join(commitment.to))))),
        ("owner", _owner(app, commitment.owner)),
        ("kind", f"{commitment.kind}, {commitment.priority}"),
        ("tags", ", ".join(commitment.tags)),
        ("explanation", "\n".join(bounds.explanation)),
        ("assumed", "\n".join((*commitment.assumptions, *bounds.assumptions))),
        ("source", "\n".join(sources)),
        ("note", commitment.note or ""),
        ("acknowledged", _acknowledged(item, app.zone)),
        ("snoozed", "\n".join(line.replace("snoozed by", "by") for line in snoozed)),
        ("rules", rules or "NONE"),
        ("next alert", next_alert if rules or not next_alert else NO_ALERT),
    ]


def _state(item: Tracked, now: datetime, zone: str) -> str:
    """Return how it stands: `open, 3 days overdue`; of what recurs, its first open occurrence."""
    current = item.current
    standing = ": ".join(filter(None, (current.occurrence, describe_standing(current, now, zone))))
    return f"open, {standing}" if item.open else standing


def _owner(app: App, key: str | None) -> str:
    person = app.people.get(key) if key else None
    return f"{person.name} <{person.email}> ({key})" if person else f"{key} (not declared in `people`)" if key else ""


def _occurrences(item: Tracked, now: datetime) -> list[Tracked]:
    """Return the latest occurrences that have come or changed, and the next one."""
    return [item.at(name) for name in latest_occurrences(item, now)]


def _print_occurrences(item: Tracked, now: datetime) -> None:
    found = _occurrences(item, now)
    if not found:
        return
    out.print("\nOccurrences", style="bold")
    for one in found:
        late = one.open and one.bounds.latest is not None and one.bounds.latest <= now
        state = "overdue" if late else "upcoming" if one.open else one.ended_as
        acknowledgement = f"acknowledged by {one.current_acknowledgement.by}" if one.current_acknowledgement else ""
        _print_cells((one.occurrence, describe_bounds(one.bounds), state, acknowledgement))


def _occurrence_row(occurrence: Tracked) -> dict[str, Any]:
    return {
        "occurrence": occurrence.occurrence,
        "earliest": as_rfc3339(occurrence.bounds.earliest),
        "latest": as_rfc3339(occurrence.bounds.latest),
        "status": occurrence.commitment.status,
        "answer": occurrence.answer,
        "acknowledged": occurrence.current_acknowledgement and occurrence.current_acknowledgement.by,
    }


def _acknowledged(item: Tracked, zone: str) -> str:
    acknowledgement = item.current_acknowledgement
    if acknowledgement is None:
        return ""
    return f"by {acknowledgement.by} on {shown(acknowledgement.at, zone)}" + (
        f", until {shown(acknowledgement.until, zone)}" if acknowledgement.until else ""
    )


def _revision_row(revision: Revision, edits: Sequence[FieldChange], kind: str) -> dict[str, Any]:
    return {
        "number": revision.number,
        "what": revision.what,
        "occurrence": revision.occurrence or None,
        "recorded_at": as_rfc3339(revision.recorded_at),
        "recorded_by": revision.recorded_by,
        "proof": revision.proof,
        "reason": revision.reason,
        "source": revision.source,
        "cause": revision.cause,
        "old": describe_bounds(revision.before) if revision.before else None,
        "new": describe_bounds(revision.after) if revision.after else None,
        "detail": revision.detail,
        "answer": answer_in(kind, revision)[0],
        "changes": {one.name: {"before": one.before, "after": one.after} for one in edits},
    }


def _reminder_row(reminder: Any) -> dict[str, Any]:
    names = ("rule", "kind", "offset", "early", "bounds_version", "skipped")
    sent = [delivery_json(one) for one in reminder["deliveries"]]
    times = {name: as_rfc3339(reminder[name]) for name in ("moment", "send_at", "planned_at", "held_until")}
    which = {"occurrence": reminder["occurrence"] or None}
    return {name: reminder[name] for name in names} | which | times | {"deliveries": sent}


def _delivery_text(delivery: Any, zone: str) -> str:
    """Return what became of a delivery, with the reason where it failed for good or did not wait."""
    failed = delivery["last_error"] if delivery["state"] in ("dead", "bounced") else None
    text = f"{delivery['channel']} {delivery['state']}" + (f": {failed}" if failed else "")
    return " ".join(filter(None, (text, before_hours(delivery, zone))))


def _reminder_cells(item: Tracked, reminder: Any, zone: str) -> tuple[str, str, str, str]:
    name = reminder["occurrence"]
    one = item.at(name) if not name or exists(item, name) else None  # a move or an end of the whole may have removed it
    bounds = one.bounds if one and one.bounds_version == reminder["bounds_version"] else None
    text = describe_alert(
        item.commitment, reminder["kind"], reminder["offset"], bounds, at=reminder["send_at"], zone=zone
    )
    held = reminder["held_until"] and f"held back until {shown(reminder['held_until'], zone)}"
    times_sent = ", ".join(filter(None, (*(_delivery_text(each, zone) for each in reminder["deliveries"]), held)))
    return (
        shown(reminder["send_at"], zone),
        ": ".join(filter(None, (name, text))),
        f"rule {reminder['rule']}",
        f"skipped: {with_local_times(reminder['skipped'], zone)}" if reminder["skipped"] else times_sent,
    )
