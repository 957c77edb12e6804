"""The command why."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated, Any

import typer

from alerts.cli.app import App, get_app, instant
from alerts.cli.command_group import cli
from alerts.cli.delivery_texts import delivery_json
from alerts.cli.explained_alerts import ExplainedAlert, print_explanation
from alerts.cli.options import At, Json, OneOccurrence
from alerts.cli.other_processes import warn_if_rules_differ
from alerts.cli.output import as_rfc3339, print_line
from alerts.core.explanation import Recorded, explain
from alerts.core.rules import DEFAULT_RULE, matching
from alerts.core.tracked import Tracked
from alerts.views.occurrences_shown import latest_occurrences

Everything = Annotated[bool, typer.Option("--all", help="List each skipped alert, including the oldest.")]


@cli.command()
def why(
    context: typer.Context,
    key: Annotated[str, typer.Argument(metavar="KEY")],
    occurrence: OneOccurrence = "",
    everything: Everything = False,
    at: At = None,
    as_json: Json = False,
) -> None:
    """Explain why alerts about a commitment went out, or why not."""
    app, now = get_app(context), instant(at)
    item = app.store.commitments.find(key)
    warn_if_rules_differ(app)
    names = [occurrence] if occurrence else ["", *latest_occurrences(item, now)]
    matching_rules = [rule.name for rule in matching(app.settings.rules, item.commitment)]
    explained = [one for name in matching_rules for one in _explanations(app, item, name, names, now)]
    no_reminders = {name: _why_no_reminders(app, item, name) for name in app.rules if name not in matching_rules}
    if as_json:
        none = [{"rule": name, "outcome": "skipped", "reason": reason} for name, reason in no_reminders.items()]
        print(json.dumps([*map(_row, explained), *none]))
    else:
        print_explanation(app, item.at(occurrence), explained, no_reminders, now, everything=everything)
        if not matching_rules and DEFAULT_RULE not in app.rules:
            print_line("no rule matches and `default_notify` is not set: no alerts", style="red")


def _why_no_reminders(app: App, item: Tracked, name: str) -> str:
    if not app.rules[name].rule.sends_alerts:
        return "it sends only summaries: see `alerts plan`"
    reasons = app.rules[name].rule.mismatch(item.commitment)
    return "; ".join(reasons) or "it applies only where no other rule does"


def _explanations(
    app: App, item: Tracked, name: str, occurrences: Sequence[str], now: datetime
) -> Iterator[ExplainedAlert]:
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
            yield ExplainedAlert(name, one, explanation, sent[was.kind, was.bounds_version, was.moment] if was else ())


def _row(explained: ExplainedAlert) -> dict[str, Any]:
    explanation = explained.explanation
    sent = [delivery_json(row) for row in explained.deliveries]
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
