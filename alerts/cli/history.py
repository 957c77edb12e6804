"""One commitment, as it stands or as it stood: show."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from alerts.cli.showing import changed_ids, row_of, snoozes
from alerts.cli.wiring import At, Json, Office, app, instant, office, rfc3339, shown
from alerts.core.bounds import say_bounds
from alerts.core.commitments import Revision, Tracked
from alerts.core.edits import FieldChange, field_changes
from alerts.core.rules import matching

SHOWN_AT_MOST = 12  # occurrences
out = Console(highlight=False)


@app.command()
def show(
    context: typer.Context,
    key: Annotated[str, typer.Argument(metavar="KEY")],
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="T", help="What was known then, such as 2025-11-05T09:00Z.")
    ] = None,
    at: At = None,
    as_json: Json = False,
) -> None:
    """One commitment: its bounds and why, its history, what was said and what was not."""
    here, now = office(context), instant(at)
    item = here.store.commitments.find(key)
    history, said = here.store.ledger.history(item.id), here.store.ledger.reminders(item.id)
    changed, next_at = item.id in changed_ids(here), here.store.ledger.speaks_next().get(item.id)
    if as_of is not None:
        now = instant(as_of)
        item = here.store.commitments.as_of(key, now)
        history = [revision for revision in history if revision.recorded_at <= now]
        said = [word for word in said if word["planned_at"] <= now]
        changed, next_at = False, None
    own = [one for one in here.store.ledger.own_snoozes([item.id]).get(item.id, ()) if one.at <= now]
    edits = field_changes(history)
    if as_json:
        detail = {
            "basis": item.bounds.basis,
            "assumptions": [*item.commitment.assumptions, *item.bounds.assumptions],
            "note": item.commitment.note,
            "source": item.commitment.source and asdict(item.commitment.source),
            "sources": [asdict(source) for source in item.commitment.sources],
            "speaks_next": None if changed else rfc3339(next_at),
            "occurrences": [_occurrence_row(one) for one in _occurrences(item, now)],
            "history": [_revision_row(revision, edits.get(revision.number, ())) for revision in history],
            "reminders": [_said_row(word) for word in said],
        }
        print(json.dumps(row_of(here, item, own) | detail, default=str))
        return
    speaks = f"{shown(next_at, here.zone)} {here.zone}" if next_at else "not unless it changes"
    if changed:
        speaks = "set at the next tick; `alerts plan` foretells it"
    if as_of is not None:
        speaks = ""
        out.print(f"as of {shown(now, here.zone)} {here.zone}", style="dim")
    out.print(item.commitment.title, style="bold", markup=False)
    out.print(_facts(here, item, speaks, snoozes(here, item, own, now)))
    _print_occurrences(item, now)
    out.print("\nHistory", style="bold")
    for revision in history:
        line = _revision_line(revision, here.zone, edits.get(revision.number, ()))
        out.print("  " + "  ".join(line), markup=False)
    if said:
        out.print("\nSaid", style="bold")
    for word in said:
        out.print("  " + "  ".join(_said_line(word, here.zone)), markup=False)


def _facts(here: Office, item: Tracked, speaks: str, snoozed: Sequence[str]) -> Table:
    commitment, bounds = item.commitment, item.bounds
    rules = ", ".join(rule.name for rule in matching(here.settings.rules, commitment))
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for label, text in (
        ("deadline", commitment.deadline),
        ("that is", say_bounds(bounds)),
        ("state", commitment.status),
        ("who", " → ".join(filter(None, (", ".join(commitment.by), ", ".join(commitment.to))))),
        ("owner", _owner(here, commitment.owner)),
        ("kind", f"{commitment.kind}, {commitment.priority}"),
        ("basis", "\n".join(bounds.basis)),
        ("assumed", "\n".join((*commitment.assumptions, *bounds.assumptions))),
        ("source", "\n".join(", ".join(filter(None, (one.key, one.locator, one.quote))) for one in commitment.sources)),
        ("note", commitment.note or ""),
        ("acknowledged", _acknowledged(item, here.zone)),
        ("snoozed", "\n".join(said.replace("snoozed by", "by") for said in snoozed)),
        ("rules", rules or "NONE"),
        ("speaks next", speaks if rules or not speaks else "not unless it changes"),
    ):
        if text:
            table.add_row(label, escape(text))
    return table


def _owner(here: Office, key: str | None) -> str:
    person = here.people.get(key) if key else None
    return f"{person.name} <{person.email}> ({key})" if person else f"{key} (nobody knows who that is)" if key else ""


def _occurrences(item: Tracked, now: datetime) -> list[Tracked]:
    """What has come or been touched, and the next one; the latest so many."""
    return [item.at(name) for name in list(item.come(now))[-SHOWN_AT_MOST:]]


def _print_occurrences(item: Tracked, now: datetime) -> None:
    found = _occurrences(item, now)
    if not found:
        return
    out.print("\nOccurrences", style="bold")
    for one in found:
        late = one.open and one.bounds.latest is not None and one.bounds.latest <= now
        state = "late" if late else "to come" if one.open else one.commitment.status
        seen = f"acknowledged by {one.seen.by}" if one.seen else ""
        line = (one.occurrence, say_bounds(one.bounds), state, seen)
        out.print("  " + "  ".join(filter(None, line)), markup=False)


def _occurrence_row(one: Tracked) -> dict[str, Any]:
    return {
        "occurrence": one.occurrence,
        "earliest": rfc3339(one.bounds.earliest),
        "latest": rfc3339(one.bounds.latest),
        "status": one.commitment.status,
        "acknowledged": one.seen and one.seen.by,
    }


def _acknowledged(item: Tracked, zone: str) -> str:
    seen = item.seen
    if seen is None:
        return ""
    return f"by {seen.by} on {shown(seen.at, zone)}" + (f", until {shown(seen.until, zone)}" if seen.until else "")


def _revision_row(revision: Revision, edits: Sequence[FieldChange]) -> dict[str, Any]:
    return {
        "number": revision.number,
        "what": revision.what,
        "occurrence": revision.occurrence or None,
        "recorded_at": rfc3339(revision.recorded_at),
        "recorded_by": revision.recorded_by,
        "reason": revision.reason,
        "source": revision.source,
        "cause": revision.cause,
        "old": say_bounds(revision.before) if revision.before else None,
        "new": say_bounds(revision.after) if revision.after else None,
        "detail": revision.detail,
        "changes": {one.name: {"before": one.before, "after": one.after} for one in edits},
    }


def _revision_line(revision: Revision, zone: str, edits: Sequence[FieldChange]) -> Sequence[str]:
    row = _revision_row(revision, edits)
    change = f"{row['old']} → {row['new']}" if row["old"] else ""
    also = "; ".join(str(one) for one in edits if not change or one.name != "deadline")
    change = "; ".join(filter(None, (change, also))) or revision.detail or ""
    source = f"source {revision.source}" if revision.source and revision.what == "moved" else None
    cause = revision.cause and f"because {revision.cause} moved"
    why = " · ".join(filter(None, (revision.reason, source, cause)))
    what = " ".join(filter(None, (revision.occurrence, revision.what)))
    return [text for text in (shown(revision.recorded_at, zone), what, change, revision.recorded_by, why) if text]


def _said_row(word: Any) -> dict[str, Any]:
    names = ("rule", "kind", "offset", "early", "bounds_version", "skipped")
    sent = [{**one, "id": str(one["id"]), "ended_at": rfc3339(one["ended_at"])} for one in word["deliveries"]]
    times = {name: rfc3339(word[name]) for name in ("moment", "send_at", "planned_at")}
    which = {"occurrence": word["occurrence"] or None}
    return {name: word[name] for name in names} | which | times | {"deliveries": sent}


def _said_line(word: Any, zone: str) -> list[str]:
    kind = " ".join(filter(None, (word["occurrence"], word["kind"], word["offset"])))
    told = ", ".join(f"{one['channel']} {one['state']}" for one in word["deliveries"])
    return [
        shown(word["send_at"], zone),
        kind,
        f"({word['rule']})",
        f"not said: {word['skipped']}" if word["skipped"] else told,
    ]
