"""Commands that show what is tracked: list, show, resolve."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from alerts import shipped
from alerts.cli.wiring import (
    Json,
    Office,
    app,
    note,
    office,
    rfc3339,
    shown,
    warn,
)
from alerts.core.bounds import resolve, say_bounds
from alerts.core.calendars import zone_info
from alerts.core.commitments import Commitment, Tracked, choose_zone
from alerts.core.deadlines import kind_of, parse, references
from alerts.core.edtf import edtf
from alerts.core.rules import DEFAULT_RULE, matching
from alerts.core.workdays import ROLLS, check_calendar, check_roll

UNSAID_AT_MOST = 10  # names of commitments without a rule that a warning lists
out = Console(highlight=False)


def unsaid(here: Office, tracked: Iterable[Tracked]) -> tuple[list[str], list[str]]:
    """The open commitments that no rule speaks for, and those for which only `default_notify` does."""
    none, default = [], []
    for item in tracked:
        rules = [rule.name for rule in matching(here.settings.rules, item.commitment)] if item.open else ["closed"]
        if not rules:
            none.append(item.commitment.key)
        elif rules == [DEFAULT_RULE]:
            default.append(item.commitment.key)
    return none, default


def warn_unsaid(here: Office, tracked: Iterable[Tracked]) -> None:
    """Name the open commitments for which nobody, or only `default_notify`, is told."""
    none, default = unsaid(here, tracked)
    if none:
        warn(f"no rule speaks for {few(none)}: nobody will be told")
    if default:
        note(f"no rule names {few(default)}: told to default_notify ({', '.join(here.settings.default_notify)})")


def few(keys: Sequence[str]) -> str:
    """The first so many keys, and how many more there are."""
    more = len(keys) - UNSAID_AT_MOST
    return ", ".join(keys[:UNSAID_AT_MOST]) + (f" and {more} more" if more > 0 else "")


@app.command("list")
def list_(
    context: typer.Context,
    closed: Annotated[bool, typer.Option("--closed", help="Also what has been closed.")] = False,
    as_json: Json = False,
) -> None:
    """What is tracked, soonest first, and when each is next spoken of."""
    here = office(context)
    tracked = here.store.ledger.tracked(closed=closed)
    changed = _changed(here)
    next_at = {one: at for one, at in here.store.ledger.speaks_next().items() if one not in changed}
    if as_json:
        print(json.dumps([_row(here, item) | {"speaks_next": rfc3339(next_at.get(item.id))} for item in tracked]))
        return
    if not tracked:
        seed = shipped.folder("seeds") / "us-china-truce-2025.yaml"
        out.print(
            f"nothing is tracked in {here.store.name} yet: `alerts load {seed}` to begin with",
            markup=False,
            soft_wrap=True,
        )
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("key", no_wrap=True)
    for heading in ("deadline", f"speaks next ({here.zone})", "rules"):
        table.add_column(heading)
    for item in tracked:
        rules = [rule.name for rule in matching(here.settings.rules, item.commitment)]
        deadline = say_bounds(item.bounds) if item.bounds.named else item.commitment.deadline
        if not item.open:
            deadline += f" – {item.commitment.status}"
        elif item.acknowledged:
            deadline += f" – acknowledged by {item.acknowledged.by}"
        speaks = "at the next tick" if rules and item.id in changed else shown(next_at.get(item.id), here.zone)
        cells = (item.commitment.key, deadline, speaks, ", ".join(rules) or "NONE")
        table.add_row(*map(escape, cells), style="bold red" if not rules and item.open else None)
    out.print(table)
    warn_unsaid(here, tracked)


def _changed(here: Office) -> set[int]:
    """What has changed since the last tick, by id: when it is next spoken of is worked out at the next one."""
    return {one.tracked.id for some in here.store.watches.standing(changed_only=True) for one in some}


def _row(here: Office, item: Tracked) -> dict[str, Any]:
    commitment, seen = item.commitment, item.acknowledged
    return {
        "key": commitment.key,
        "title": commitment.title,
        "kind": commitment.kind,
        "priority": commitment.priority,
        "status": commitment.status,
        "by": commitment.by,
        "to": commitment.to,
        "owner": commitment.owner,
        "tags": commitment.tags,
        "deadline": commitment.deadline,
        "earliest": rfc3339(item.bounds.earliest),
        "latest": rfc3339(item.bounds.latest),
        "timezone": item.bounds.zone,
        "bounds_version": item.bounds_version,
        "acknowledged": seen and {"by": seen.by, "at": rfc3339(seen.at), "until": rfc3339(seen.until)},
        "rules": [rule.name for rule in matching(here.settings.rules, commitment)],
    }


@app.command()
def show(context: typer.Context, key: Annotated[str, typer.Argument(metavar="KEY")], as_json: Json = False) -> None:
    """One commitment: its bounds and why, its history, what was said and what was not."""
    here = office(context)
    item = here.store.commitments.find(key)
    history, said = here.store.ledger.history(item.id), here.store.ledger.reminders(item.id)
    changed = item.id in _changed(here)
    next_at = None if changed else here.store.ledger.speaks_next().get(item.id)
    if as_json:
        detail = {
            "basis": item.bounds.basis,
            "assumptions": [*item.commitment.assumptions, *item.bounds.assumptions],
            "note": item.commitment.note,
            "source": item.commitment.source and asdict(item.commitment.source),
            "speaks_next": rfc3339(next_at),
            "history": [_revision_row(revision) for revision in history],
            "reminders": [_said_row(word) for word in said],
        }
        print(json.dumps(_row(here, item) | detail, default=str))
        return
    commitment, bounds = item.commitment, item.bounds
    out.print(commitment.title, style="bold", markup=False)
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    source = commitment.source
    rules = ", ".join(rule.name for rule in matching(here.settings.rules, commitment))
    speaks = f"{shown(next_at, here.zone)} {here.zone}" if next_at else "not unless it changes"
    if changed and rules:
        speaks = "set at the next tick; `alerts plan` foretells it"
    for label, text in (
        ("deadline", commitment.deadline),
        ("that is", say_bounds(bounds)),
        ("state", commitment.status),
        ("who", " → ".join(filter(None, (", ".join(commitment.by), ", ".join(commitment.to))))),
        ("kind", f"{commitment.kind}, {commitment.priority}"),
        ("basis", "\n".join(bounds.basis)),
        ("assumed", "\n".join((*commitment.assumptions, *bounds.assumptions))),
        ("source", ", ".join(filter(None, (source.key, source.locator, source.quote))) if source else ""),
        ("note", commitment.note or ""),
        ("acknowledged", _acknowledged(item, here.zone)),
        ("rules", rules or "NONE"),
        ("speaks next", speaks),
    ):
        if text:
            facts.add_row(label, escape(text))
    out.print(facts)
    out.print("\nHistory", style="bold")
    for revision in history:
        row = _revision_row(revision)
        change = f"{row['old']} → {row['new']}" if row["old"] else (revision.detail or "")
        source_said = f"source {revision.source}" if revision.source and revision.what == "moved" else None
        cause = revision.cause and f"because {revision.cause} moved"
        why = " · ".join(filter(None, (revision.reason, source_said, cause)))
        line = (shown(revision.recorded_at, here.zone), revision.what, change, revision.recorded_by, why)
        out.print("  " + "  ".join(filter(None, line)), markup=False)
    if said:
        out.print("\nSaid", style="bold")
    for word in said:
        out.print("  " + "  ".join(_said_line(word, here.zone)), markup=False)


def _acknowledged(item: Tracked, zone: str) -> str:
    seen = item.acknowledged
    if seen is None:
        return ""
    return f"by {seen.by} on {shown(seen.at, zone)}" + (f", until {shown(seen.until, zone)}" if seen.until else "")


def _revision_row(revision: Any) -> dict[str, Any]:
    return {
        "number": revision.number,
        "what": revision.what,
        "recorded_at": rfc3339(revision.recorded_at),
        "recorded_by": revision.recorded_by,
        "reason": revision.reason,
        "source": revision.source,
        "cause": revision.cause,
        "old": say_bounds(revision.before) if revision.before else None,
        "new": say_bounds(revision.after) if revision.after else None,
        "detail": revision.detail,
    }


def _said_row(word: Any) -> dict[str, Any]:
    names = ("rule", "kind", "offset", "early", "bounds_version", "skipped")
    sent = [{**one, "id": str(one["id"]), "ended_at": rfc3339(one["ended_at"])} for one in word["deliveries"]]
    times = {name: rfc3339(word[name]) for name in ("moment", "send_at", "planned_at")}
    return {name: word[name] for name in names} | times | {"deliveries": sent}


def _said_line(word: Any, zone: str) -> list[str]:
    kind = word["kind"] + (f" {word['offset']}" if word["offset"] else "")
    told = ", ".join(f"{one['channel']} {one['state']}" for one in word["deliveries"])
    return [
        shown(word["send_at"], zone),
        kind,
        f"({word['rule']})",
        f"not said: {word['skipped']}" if word["skipped"] else told,
    ]


@app.command("resolve")
def resolve_(
    context: typer.Context,
    expression: Annotated[str, typer.Argument(metavar="EXPR", help="A deadline, such as 'after 2025-11-10'.")],
    timezone: Annotated[str | None, typer.Option("--timezone", metavar="Z", help="Zone, if it states none.")] = None,
    calendars: Annotated[
        str, typer.Option("--calendars", metavar="US,CN", help="What business days are counted on.")
    ] = "",
    roll: Annotated[str, typer.Option("--roll", help=f"If it ends on no business day: {', '.join(ROLLS)}.")] = "none",
    as_json: Json = False,
) -> None:
    """What a deadline expression means, and why."""
    deadline = parse(expression)
    here = office(context)
    if timezone:
        zone_info(timezone)
    codes = tuple(dict.fromkeys(check_calendar(code.strip()) for code in calendars.split(",") if code.strip()))
    stated = Commitment(key="", title="", deadline="", timezone=timezone, calendars=codes, roll=check_roll(roll))
    zone = choose_zone(stated, {}, here.settings.timezone)
    known = {key: here.store.commitments.find(key).bounds for key in sorted(references(deadline))}
    bounds = resolve(deadline, zone, known)
    if as_json:
        ends = {"earliest": rfc3339(bounds.earliest), "latest": rfc3339(bounds.latest), "timezone": bounds.zone}
        words = {"basis": list(bounds.basis), "assumptions": list(bounds.assumptions)}
        print(
            json.dumps(
                {"expression": str(deadline), "kind": kind_of(deadline), **ends, **words, "edtf": edtf(deadline)}
            )
        )
        return
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    late = "unknown: never overdue" if bounds.latest is None else rfc3339(bounds.latest)
    for label, text in (
        ("read as", str(deadline)),
        ("in EDTF", edtf(deadline) or ""),
        ("due from", rfc3339(bounds.earliest) or "unknown"),
        ("late from", late),
        ("because", "\n".join(bounds.basis)),
        ("assumed", "\n".join(bounds.assumptions)),
    ):
        if text:
            table.add_row(label, escape(text))
    out.print(table)
