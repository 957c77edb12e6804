"""Commands that show what is tracked: list, resolve."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from alerts import shipped
from alerts.cli.elsewhere import registered_zone, warn_if_rules_differ
from alerts.cli.wiring import (
    Json,
    App,
    cli,
    note,
    get_app,
    as_rfc3339,
    shown,
    warn,
)
from alerts.clock import utc_now
from alerts.core.answers import acknowledged_now, own_snoozes_now, paused_until, snoozed_now
from alerts.core.bounds import resolve, describe_bounds
from alerts.core.calendars import zone_info
from alerts.core.commitments import Commitment, OwnSnooze, Tracked, choose_zone
from alerts.core.deadlines import kind_of, parse, references
from alerts.core.edtf import edtf
from alerts.core.owners import Owners
from alerts.core.rules import DEFAULT_RULE, matching
from alerts.core.skipping import skipped_periods
from alerts.core.workdays import ROLLS, check_calendar, check_roll

MAX_KEYS_NAMED = 10  # names of commitments without a rule that a warning lists
out = Console(highlight=False)


@dataclass(slots=True)
class WithoutRecipient:
    """Keys of open commitments of which too few are told.

    `ruleless`: no rule speaks for them; `unowned`: their rules tell owners only, and they have none who is known (by
    why); `default`: only `default_notify` speaks for them (by the words of it that reach anybody).
    """

    ruleless: list[str] = field(default_factory=list)
    unowned: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    default: dict[tuple[str, ...], list[str]] = field(default_factory=lambda: defaultdict(list))

    @property
    def lines(self) -> list[str]:
        """A line for each reason why nobody is told of some."""
        lines = [f"no rule speaks for {few(self.ruleless)}: nobody will be told"] if self.ruleless else []
        return lines + [f"nobody will be told of {few(keys)}: {why}" for why, keys in self.unowned.items()]


def without_recipient(app: App, tracked: Iterable[Tracked], owners: Owners) -> WithoutRecipient:
    """Find the open commitments of which nobody is told, or only those whom `default_notify` names."""
    found = WithoutRecipient()
    for item in (one for one in tracked if one.open):
        commitment = item.commitment
        rules = matching(app.settings.rules, commitment)
        reached = {word for rule in rules for word, _ in owners.channels(rule.notify, commitment)}
        if not rules:
            found.ruleless.append(commitment.key)
        elif not reached:
            found.unowned[ownerless(commitment)].append(commitment.key)
        elif [rule.name for rule in rules] == [DEFAULT_RULE]:
            words = tuple(word for word in rules[0].notify if word in reached)
            found.default[words].append(commitment.key)
    return found


def ownerless(commitment: Commitment) -> str:
    """Say why no owner can be told of a commitment."""
    return f"its owner {commitment.owner} is nobody who is declared" if commitment.owner else "it has no owner"


def warn_without_recipient(app: App, tracked: Iterable[Tracked], owners: Owners | None = None) -> None:
    """Name the open commitments for which nobody, or only `default_notify`, is told."""
    found = without_recipient(app, tracked, owners or app.owners)
    for line in found.lines:
        warn(line)
    for words, keys in found.default.items():
        note(f"no rule names {few(keys)}: told to default_notify ({', '.join(words)})")


def few(keys: Sequence[str]) -> str:
    """The first so many keys, and how many more there are."""
    more = len(keys) - MAX_KEYS_NAMED
    return ", ".join(keys[:MAX_KEYS_NAMED]) + (f" and {more} more" if more > 0 else "")


@cli.command("list")
def list_(
    context: typer.Context,
    closed: Annotated[bool, typer.Option("--closed", help="Also what has been closed.")] = False,
    as_json: Json = False,
) -> None:
    """What is tracked, soonest first, and when each is next spoken of."""
    app = get_app(context)
    tracked = app.store.ledger.tracked(closed=closed)
    warn_if_rules_differ(app)
    changed = changed_ids(app)
    unowned = {key for keys in without_recipient(app, tracked, app.owners).unowned.values() for key in keys}
    silent = changed | {item.id for item in tracked if item.commitment.key in unowned}
    next_at = {one: at for one, at in app.store.ledger.next_alert_at().items() if one not in silent}
    own = app.store.ledger.own_snoozes(item.id for item in tracked)
    if as_json:
        more = {item.id: {"next_alert_at": as_rfc3339(next_at.get(item.id))} for item in tracked}
        print(json.dumps([row_of(app, item, own.get(item.id, ())) | more[item.id] for item in tracked]))
        return
    if not tracked:
        seed = shipped.folder("seeds") / "us-china-truce-2025.yaml"
        out.print(
            f"nothing is tracked in {app.store.name} yet: `alerts load {seed}` to begin with",
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
    """A row for each that is tracked; red are those of which nobody is told."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("key", no_wrap=True)
    for heading in ("deadline", f"speaks next ({app.zone})", "rules"):
        table.add_column(heading)
    for item in tracked:
        rules = [rule.name for rule in matching(app.settings.rules, item.commitment)]
        deadline = describe_bounds(item.bounds) if item.bounds.named or item.recurs else item.commitment.deadline
        if not item.open:
            deadline += f" – {item.commitment.status}"
        deadline += "".join(f" – {said}" for said in answered(app, item, own.get(item.id, ())))
        next_alert = "at the next tick" if rules and item.id in changed else shown(next_at.get(item.id), app.zone)
        if item.commitment.key in unowned:
            next_alert = "to nobody"
        cells = (item.commitment.key, deadline, next_alert, ", ".join(rules) or "NONE")
        untold = (not rules and item.open) or item.commitment.key in unowned
        table.add_row(*map(escape, cells), style="bold red" if untold else None)
    return table


def answered(app: App, item: Tracked, own: Iterable[OwnSnooze]) -> list[str]:
    """Say who has acknowledged and snoozed it, and until when; nothing where that has ended."""
    now, rules, said = utc_now(), matching(app.settings.rules, item.commitment), []
    if acknowledgement := acknowledged_now(rules, item, now):
        ends = paused_until(rules, item, now)
        said.append(f"acknowledged by {acknowledgement.by}" + (f" until {shown(ends, app.zone)}" if ends else ""))
    return said + snoozes(app, item, own, now)


def snoozes(app: App, item: Tracked, own: Iterable[OwnSnooze], now: datetime) -> list[str]:
    """Say who has snoozed it for everybody, and who for one recipient alone: it or one of its occurrences."""
    said = [f"snoozed by {one.by} until {shown(one.until, app.zone)}" for one in [snoozed_now(item, now)] if one]
    for one in own_now(item, own, now):
        which = f"{one.occurrence} " if one.occurrence and not item.occurrence else ""
        said.append(f"{which}snoozed by {one.by} until {shown(one.until, app.zone)} (for {_whom(one)} only)")
    return said


def own_now(item: Tracked, own: Iterable[OwnSnooze], now: datetime) -> list[OwnSnooze]:
    """The snoozes for single recipients that have not ended; of what recurs, those of its occurrences, too."""
    return [one for one in own if own_snoozes_now([one], replace(item, occurrence=one.occurrence), now)]


def _whom(one: OwnSnooze) -> str:
    return one.name or one.recipient


def changed_ids(app: App) -> set[int]:
    """What has changed since the last tick, by id: when it is next spoken of is worked out at the next one."""
    return {one.tracked.id for some in app.store.watches.watched_commitments(changed_only=True) for one in some}


def row_of(app: App, item: Tracked, own: Iterable[OwnSnooze]) -> dict[str, Any]:
    """A commitment as JSON has it."""
    commitment, acknowledgement = item.commitment, item.current_acknowledgement
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
        "earliest": as_rfc3339(item.bounds.earliest),
        "latest": as_rfc3339(item.bounds.latest),
        "timezone": item.bounds.zone,
        "bounds_version": item.bounds_version,
        "acknowledged": acknowledgement
        and {
            "by": acknowledgement.by,
            "at": as_rfc3339(acknowledgement.at),
            "until": as_rfc3339(acknowledgement.until),
            "stage": acknowledgement.stage,
        },
        "snoozed": item.snooze and {"by": item.snooze.by, "until": as_rfc3339(item.snooze.until)},
        "own_snoozes": [
            {
                "recipient": one.recipient,
                "occurrence": one.occurrence or None,
                "by": one.by,
                "until": as_rfc3339(one.until),
            }
            for one in own_now(item, own, utc_now())
        ],
        "rules": [rule.name for rule in matching(app.settings.rules, commitment)],
    }


@cli.command("resolve")
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
    app = get_app(context)
    if timezone:
        zone_info(timezone)
    codes = tuple(dict.fromkeys(check_calendar(code.strip()) for code in calendars.split(",") if code.strip()))
    stated = Commitment(key="", title="", deadline="", timezone=timezone, calendars=codes, roll=check_roll(roll))
    zone = choose_zone(stated, {}, registered_zone(app))
    known = {key: app.store.commitments.find(key).bounds for key in sorted(references(deadline))}
    bounds = resolve(deadline, zone, known)
    if skipped := skipped_periods(deadline):
        warn(f"`{deadline}` {skipped}")
    if as_json:
        ends = {"earliest": as_rfc3339(bounds.earliest), "latest": as_rfc3339(bounds.latest), "timezone": bounds.zone}
        words = {"basis": list(bounds.explanation), "assumptions": list(bounds.assumptions)}
        print(
            json.dumps(
                {"expression": str(deadline), "kind": kind_of(deadline), **ends, **words, "edtf": edtf(deadline)}
            )
        )
        return
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    late = "unknown: never overdue" if bounds.latest is None else as_rfc3339(bounds.latest)
    due = as_rfc3339(bounds.earliest) or "unknown"
    if bounds.recurrence:
        due = late = ""  # each occurrence has its own
    for label, text in (
        ("read as", str(deadline)),
        ("in EDTF", edtf(deadline) or ""),
        ("due from", due),
        ("late from", late),
        ("because", "\n".join(bounds.explanation)),
        ("assumed", "\n".join(bounds.assumptions)),
    ):
        if text:
            table.add_row(label, escape(text))
    out.print(table)
