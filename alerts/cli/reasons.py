"""The command that says why: what became of each moment of each rule."""

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

from alerts.cli.elsewhere import warn_of_other_rules
from alerts.cli.history import SHOWN_AT_MOST
from alerts.cli.wiring import At, Json, Office, app, instant, office, rfc3339, shown
from alerts.core.commitments import Tracked
from alerts.core.reasons import Account, Recorded, account
from alerts.core.rules import DEFAULT_RULE, matching

LINES_AT_MOST = 20  # of each rule and occurrence, the latest; JSON has all
out = Console(highlight=False)


@dataclass(frozen=True, slots=True)
class _Told:
    """What became of a moment, with what the ledger knows of its deliveries."""

    rule: str
    occurrence: str
    account: Account
    deliveries: Sequence[Mapping[str, Any]]


@app.command()
def why(
    context: typer.Context,
    key: Annotated[str, typer.Argument(metavar="KEY")],
    occurrence: Annotated[
        str, typer.Option("--occurrence", metavar="NAME", help="Of what recurs only this one: 2025-11-30.")
    ] = "",
    at: At = None,
    as_json: Json = False,
) -> None:
    """Why something was said of a commitment, or was not: each moment of each rule, and what became of it."""
    here, now = office(context), instant(at)
    item = here.store.commitments.find(key)
    warn_of_other_rules(here)
    names = [occurrence] if occurrence else ["", *list(item.come(now))[-SHOWN_AT_MOST:]]
    speaking = [rule.name for rule in matching(here.settings.rules, item.commitment)]
    told = [one for name in speaking for one in _accounts(here, item, name, names, now)]
    silent = {name: _silence(here, item, name) for name in here.rules if name not in speaking}
    if as_json:
        rows = [_row(one) for one in told]
        print(json.dumps(rows + [{"rule": name, "outcome": "not said", "reason": why} for name, why in silent.items()]))
        return
    by_rule: dict[str, list[_Told]] = defaultdict(list)
    for one in told:
        by_rule[one.rule].append(one)
    for name in speaking:
        out.print(f"rule {name}", style="bold", markup=False)
        if not here.owners.channels(here.rules[name].rule.notify, item.commitment):
            out.print("  tells nobody: it has no owner who is known", markup=False)
        _print(here, by_rule[name])
    for name, reason in silent.items():
        out.print(f"rule {name}", style="bold", markup=False)
        out.print(f"  says nothing: {reason}", markup=False, soft_wrap=True)
    if not speaking and DEFAULT_RULE not in here.rules:
        out.print("no rule matches it, and there is no default_notify: nobody is told", style="red")


def _silence(here: Office, item: Tracked, name: str) -> str:
    if not here.rules[name].rule.speaks:
        return "it only sums up, see `alerts plan`"
    reasons = here.rules[name].rule.mismatch(item.commitment)
    return "; ".join(reasons) or "it speaks only where no other rule does"


def _accounts(here: Office, item: Tracked, name: str, occurrences: Sequence[str], now: datetime) -> Iterator[_Told]:
    history = here.store.ledger.history(item.id)
    words = [word for word in here.store.ledger.reminders(item.id) if word["rule"] == name]
    registered_at = here.store.ledger.registered_at().get(name, now)
    ruled = here.rules[name]
    for one in occurrences:
        mine = [word for word in words if word["occurrence"] == one]
        sent = {(word["kind"], word["bounds_version"], word["moment"]): word["deliveries"] for word in mine}
        fields = ("kind", "bounds_version", "moment", "send_at", "offset", "skipped")
        recorded = [Recorded(**{field: word[field] for field in fields}) for word in mine]
        found = account(ruled.rule, item.at(one), history, recorded, ruled.cron, registered_at=registered_at, now=now)
        for about in found:
            was = about.recorded
            yield _Told(name, one, about, sent[was.kind, was.bounds_version, was.moment] if was else ())


def _print(here: Office, told: Sequence[_Told]) -> None:
    if not told:
        out.print("  means no moment for this deadline", markup=False)
        return
    table = Table(box=None, show_header=False, pad_edge=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    if len(told) > LINES_AT_MOST:
        table.add_row("", f"… {len(told) - LINES_AT_MOST} earlier ones: --json has all", "", style="dim")
    styles = {"said": "", "not said": "dim", "to come": "cyan"}
    for one in told[-LINES_AT_MOST:]:
        what = " ".join(filter(None, (one.occurrence, one.account.kind, one.account.offset)))
        cells = (shown(one.account.send_at, here.zone), what, _outcome(one))
        table.add_row(*map(escape, cells), style=styles[one.account.outcome])
    out.print(table)


def _outcome(one: _Told) -> str:
    if one.account.outcome == "to come":
        return "to come"
    if one.account.outcome == "not said":
        return f"not said: {one.account.reason}"
    ways = [
        f"{row['channel']}{' → ' + row['recipient'] if row['recipient'] else ''} {row['state']}"
        f"{': ' + row['last_error'] if row['last_error'] and row['state'] != 'sent' else ''} ({str(row['id'])[:8]})"
        for row in one.deliveries
    ]
    return "; ".join(ways) or "written down, told to nobody"


def _row(one: _Told) -> dict[str, Any]:
    about = one.account
    sent = [{**row, "id": str(row["id"]), "ended_at": rfc3339(row["ended_at"])} for row in one.deliveries]
    return {
        "rule": one.rule,
        "occurrence": one.occurrence or None,
        "kind": about.kind,
        "offset": about.offset,
        "moment": rfc3339(about.moment),
        "send_at": rfc3339(about.send_at),
        "outcome": about.outcome,
        "reason": about.reason,
        "deliveries": sent,
    }
