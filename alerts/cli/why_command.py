"""The command why."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from alerts.cli.app import App, get_app, instant
from alerts.cli.command_group import cli
from alerts.cli.options import At, Json, OneOccurrence
from alerts.cli.other_processes import warn_if_rules_differ
from alerts.cli.output import MAX_OCCURRENCES_SHOWN, as_rfc3339, shown
from alerts.core.explanation import Explanation, Recorded, explain
from alerts.core.rules import DEFAULT_RULE, matching
from alerts.core.tracked import Tracked

MAX_LINES = 20  # of each rule, the latest; JSON has all
out = Console(highlight=False)


@dataclass(frozen=True, slots=True)
class _Explained:
    """An explanation with the rule, the occurrence and the deliveries of the reminder."""

    rule: str
    occurrence: str
    explanation: Explanation
    deliveries: Sequence[Mapping[str, Any]]


@cli.command()
def why(
    context: typer.Context,
    key: Annotated[str, typer.Argument(metavar="KEY")],
    occurrence: OneOccurrence = "",
    at: At = None,
    as_json: Json = False,
) -> None:
    """Explain why alerts about a commitment went out, or why not."""
    app, now = get_app(context), instant(at)
    item = app.store.commitments.find(key)
    warn_if_rules_differ(app)
    names = [occurrence] if occurrence else ["", *list(item.relevant_occurrences(now))[-MAX_OCCURRENCES_SHOWN:]]
    matching_rules = [rule.name for rule in matching(app.settings.rules, item.commitment)]
    explained = [one for name in matching_rules for one in _explanations(app, item, name, names, now)]
    no_reminders = {name: _why_no_reminders(app, item, name) for name in app.rules if name not in matching_rules}
    if as_json:
        rows = [_row(one) for one in explained]
        print(
            json.dumps(
                rows + [{"rule": name, "outcome": "skipped", "reason": why} for name, why in no_reminders.items()]
            )
        )
        return
    by_rule: dict[str, list[_Explained]] = defaultdict(list)
    for one in explained:
        by_rule[one.rule].append(one)
    for name in matching_rules:
        out.print(f"rule {name}", style="bold", markup=False)
        if not app.owners.channels(app.rules[name].rule.notify, item.commitment):
            out.print("  reaches nobody: the commitment has no known owner", markup=False)
        _print(app, by_rule[name])
    for name, reason in no_reminders.items():
        out.print(f"rule {name}", style="bold", markup=False)
        out.print(f"  no reminders: {reason}", markup=False, soft_wrap=True)
    if not matching_rules and DEFAULT_RULE not in app.rules:
        out.print("no rule matches and `default_notify` is not set: no alerts", style="red")


def _why_no_reminders(app: App, item: Tracked, name: str) -> str:
    if not app.rules[name].rule.sends_alerts:
        return "it only sends summaries; see `alerts plan`"
    reasons = app.rules[name].rule.mismatch(item.commitment)
    return "; ".join(reasons) or "it applies only where no other rule does"


def _explanations(
    app: App, item: Tracked, name: str, occurrences: Sequence[str], now: datetime
) -> Iterator[_Explained]:
    history = app.store.ledger.history(item.id)
    reminders = [reminder for reminder in app.store.ledger.reminders(item.id) if reminder["rule"] == name]
    registered_at = app.store.ledger.registered_at().get(name, now)
    scheduled = app.rules[name]
    for one in occurrences:
        mine = [reminder for reminder in reminders if reminder["occurrence"] == one]
        sent = {
            (reminder["kind"], reminder["bounds_version"], reminder["moment"]): reminder["deliveries"]
            for reminder in mine
        }
        fields = ("kind", "bounds_version", "moment", "send_at", "offset", "skipped")
        recorded = [Recorded(**{field: reminder[field] for field in fields}) for reminder in mine]
        found = explain(
            scheduled.rule, item.at(one), history, recorded, scheduled.cron, registered_at=registered_at, now=now
        )
        for explanation in found:
            was = explanation.recorded
            yield _Explained(name, one, explanation, sent[was.kind, was.bounds_version, was.moment] if was else ())


def _print(app: App, explained: Sequence[_Explained]) -> None:
    if not explained:
        out.print("  has no reminders for this deadline", markup=False)
        return
    table = Table(box=None, show_header=False, pad_edge=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    if len(explained) > MAX_LINES:
        table.add_row("", f"… {len(explained) - MAX_LINES} earlier; see --json", "", style="dim")
    styles = {"sent": "", "skipped": "dim", "scheduled": "cyan"}
    for one in explained[-MAX_LINES:]:
        what = " ".join(filter(None, (one.occurrence, one.explanation.kind, one.explanation.offset)))
        cells = (shown(one.explanation.send_at, app.zone), what, _outcome(one))
        table.add_row(*map(escape, cells), style=styles[one.explanation.outcome])
    out.print(table)


def _outcome(explained: _Explained) -> str:
    if explained.explanation.outcome == "scheduled":
        return "scheduled"
    if explained.explanation.outcome == "skipped":
        return f"skipped: {explained.explanation.reason}"
    deliveries = [
        f"{row['channel']}{' → ' + row['recipient'] if row['recipient'] else ''} {row['state']}"
        f"{': ' + row['last_error'] if row['last_error'] and row['state'] != 'sent' else ''} ({str(row['id'])[:8]})"
        for row in explained.deliveries
    ]
    return "; ".join(deliveries) or "recorded, no recipient"


def _row(explained: _Explained) -> dict[str, Any]:
    explanation = explained.explanation
    sent = [{**row, "id": str(row["id"]), "ended_at": as_rfc3339(row["ended_at"])} for row in explained.deliveries]
    return {
        "rule": explained.rule,
        "occurrence": explained.occurrence or None,
        "kind": explanation.kind,
        "offset": explanation.offset,
        "moment": as_rfc3339(explanation.moment),
        "send_at": as_rfc3339(explanation.send_at),
        "outcome": explanation.outcome,
        "reason": explanation.reason,
        "deliveries": sent,
    }
