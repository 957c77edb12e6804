"""The command why."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from alerts.cli.app import get_app, instant
from alerts.cli.command_group import cli
from alerts.cli.delivery_json import delivery_json
from alerts.cli.explained_alerts import print_explanation
from alerts.cli.options import At, Json, OneOccurrence
from alerts.cli.other_processes import warn_if_rules_differ
from alerts.cli.output import as_rfc3339, print_line
from alerts.core.rules import DEFAULT_RULE, matching
from alerts.views.alert_explanations import ExplainedAlert, Recordings, explain_alerts, rules_not_matching
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
    explained = explain_alerts(app, item, Recordings.read(app, item), names, now)
    no_reminders = rules_not_matching(app, item)
    if as_json:
        none = [{"rule": name, "outcome": "skipped", "reason": reason} for name, reason in no_reminders.items()]
        print(json.dumps([*map(_row, explained), *none]))
    else:
        print_explanation(app, item.at(occurrence), explained, no_reminders, now, everything=everything)
        if not matching(app.settings.rules, item.commitment) and DEFAULT_RULE not in app.rules:
            print_line("no rule matches and `default_notify` is not set: no alerts", style="red")


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
        "outcome": explained.outcome,
        "reason": explanation.reason,
        "deliveries": sent,
    }
