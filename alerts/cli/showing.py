"""Commands that show what is tracked: list, resolve."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
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
    changed = changed_ids(here)
    next_at = {one: at for one, at in here.store.ledger.speaks_next().items() if one not in changed}
    if as_json:
        print(json.dumps([row_of(here, item) | {"speaks_next": rfc3339(next_at.get(item.id))} for item in tracked]))
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
        deadline = say_bounds(item.bounds) if item.bounds.named or item.recurs else item.commitment.deadline
        if not item.open:
            deadline += f" – {item.commitment.status}"
        elif item.seen:
            deadline += f" – acknowledged by {item.seen.by}"
        speaks = "at the next tick" if rules and item.id in changed else shown(next_at.get(item.id), here.zone)
        cells = (item.commitment.key, deadline, speaks, ", ".join(rules) or "NONE")
        table.add_row(*map(escape, cells), style="bold red" if not rules and item.open else None)
    out.print(table)
    warn_unsaid(here, tracked)


def changed_ids(here: Office) -> set[int]:
    """What has changed since the last tick, by id: when it is next spoken of is worked out at the next one."""
    return {one.tracked.id for some in here.store.watches.standing(changed_only=True) for one in some}


def row_of(here: Office, item: Tracked) -> dict[str, Any]:
    """A commitment as JSON has it."""
    commitment, seen = item.commitment, item.seen
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
    due = rfc3339(bounds.earliest) or "unknown"
    if bounds.recurrence:
        due = late = ""  # each occurrence has its own
    for label, text in (
        ("read as", str(deadline)),
        ("in EDTF", edtf(deadline) or ""),
        ("due from", due),
        ("late from", late),
        ("because", "\n".join(bounds.basis)),
        ("assumed", "\n".join(bounds.assumptions)),
    ):
        if text:
            table.add_row(label, escape(text))
    out.print(table)
