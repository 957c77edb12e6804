"""What became of each alert about a commitment: what comes next, what was sent or skipped, what rules send nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from alerts.core.alert_recipients import RecipientsOfAlerts
from alerts.core.alert_wording import describe_alert
from alerts.core.explanation import ALREADY_PAST, NOT_RECORDED, Explanation, Recorded, as_recorded, explain
from alerts.core.rules import matching
from alerts.core.schedule.occurrences import exists
from alerts.core.tracked import OwnSnooze, Revision, SentAlert, Tracked
from alerts.scheduled_rules import ScheduledRule
from alerts.views.delivery_texts import before_hours
from alerts.views.sending_times import SendingTimes, due_alert
from alerts.views.shown_times import shown, with_local_times
from alerts.views.surroundings import Reading
from alerts.views.unreached import ownerless

MAX_ALIKE = 3  # skipped alerts of a rule with the same reason; more become one line


@dataclass(frozen=True, slots=True)
class ExplainedAlert:
    """An explanation with the rule, the occurrence and the deliveries of the reminder."""

    rule: str
    occurrence: str
    explanation: Explanation
    deliveries: Sequence[Mapping[str, Any]] = ()
    held_until: datetime | None = None  # when the last of what a silence or office hours hold back is let go

    @property
    def outcome(self) -> str:
        """Return the outcome. What no tick has recorded yet is still due, and what is held back for all is to come."""
        if self.explanation.outcome == "sent" and self.held_until and not self.deliveries:
            return "scheduled"
        return "due" if self.explanation.reason == NOT_RECORDED else self.explanation.outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Recordings:
    """What the database has of the alerts about a commitment."""

    history: Sequence[Revision]
    reminders: Sequence[Mapping[str, Any]]
    registered_at: Mapping[str, datetime]
    sent_alerts: Sequence[SentAlert]
    own_snoozes: Sequence[OwnSnooze]

    @classmethod
    def read(cls, reading: Reading, item: Tracked) -> Recordings:
        """Read it."""
        ledger = reading.store.ledger
        return cls(
            history=ledger.history(item.id),
            reminders=ledger.reminders(item.id),
            registered_at=ledger.registered_at(),
            sent_alerts=ledger.sent_alerts(item.id),
            own_snoozes=ledger.own_snoozes([item.id]).get(item.id, ()),
        )


class AlertLine(NamedTuple):
    """An alert as people read of it: when, what it says, the rule, and whom it goes to or what became of it."""

    at: str
    text: str
    rule: str
    outcome: str


def explain_alerts(
    reading: Reading, item: Tracked, recorded: Recordings, occurrences: Sequence[str], now: datetime
) -> list[ExplainedAlert]:
    """Return what became of each alert of the rules that match, rule by rule.

    With those of the whole (`""`) come those about occurrences that a move or an end of the whole has removed since.
    """
    item = replace(item, sent_alerts=tuple(recorded.sent_alerts), own_snoozes=tuple(recorded.own_snoozes))
    rules = [reading.rules[rule.name] for rule in matching(reading.settings.rules, item.commitment)]
    found = [one for rule in rules for name in occurrences for one in _of_rule(rule, item.at(name), recorded, now)]
    return [*found, *_about_removed(rules, item, recorded)] if "" in occurrences else found


def by_outcome(explained: Iterable[ExplainedAlert]) -> Mapping[str, list[ExplainedAlert]]:
    """Return explained alerts by what became of them, in the order of their times."""
    found: dict[str, list[ExplainedAlert]] = defaultdict(list)
    for one in sorted(explained, key=lambda one: (one.explanation.send_at, one.explanation.moment)):
        found[one.outcome].append(one)
    return found


def _of_rule(scheduled: ScheduledRule, item: Tracked, recorded: Recordings, now: datetime) -> Iterator[ExplainedAlert]:
    name, occurrence = scheduled.rule.name, item.occurrence
    mine = [row for row in recorded.reminders if row["rule"] == name and row["occurrence"] == occurrence]
    rows = {(row["kind"], row["bounds_version"], row["moment"]): row for row in mine}
    kept = [_recorded(row) for row in mine]
    since = recorded.registered_at.get(name, now)
    for one in explain(scheduled.rule, item, recorded.history, kept, scheduled.cron, registered_at=since, now=now):
        was = one.recorded
        row = rows[was.kind, was.bounds_version, was.moment] if was else {}
        yield ExplainedAlert(name, occurrence, one, row.get("deliveries", ()), row.get("held_until"))


def _recorded(row: Mapping[str, Any]) -> Recorded:
    fields = ("kind", "bounds_version", "moment", "send_at", "offset", "skipped")
    return Recorded(**{field: row[field] for field in fields})


def _about_removed(rules: Iterable[ScheduledRule], item: Tracked, recorded: Recordings) -> Iterator[ExplainedAlert]:
    names = {scheduled.rule.name for scheduled in rules}
    for row in recorded.reminders:
        if row["rule"] in names and row["occurrence"] and not exists(item, row["occurrence"]):
            one = as_recorded(_recorded(row))
            yield ExplainedAlert(row["rule"], row["occurrence"], one, row["deliveries"], row["held_until"])


def rules_not_matching(reading: Reading, item: Tracked) -> dict[str, str]:
    """Return the rules that do not apply to a commitment, with the reason."""
    names = {rule.name for rule in matching(reading.settings.rules, item.commitment)}
    return {name: _why_not(reading, item, name) for name in reading.rules if name not in names}


def _why_not(reading: Reading, item: Tracked, name: str) -> str:
    if not reading.rules[name].rule.sends_alerts:
        return "it sends only summaries: see `alerts plan`"
    reasons = reading.rules[name].rule.mismatch(item.commitment)
    return "; ".join(reasons) or "it applies only where no other rule does"


def rules_that_send_nothing(reading: Reading, item: Tracked, with_moments: Collection[str]) -> dict[str, str]:
    """Return the rules that match and yet send nothing, with the reason. `with_moments` have alerts."""
    found = {}
    for rule in matching(reading.settings.rules, item.commitment):
        if not reading.owners.channels(rule.notify, item.commitment):
            found[rule.name] = f"it reaches nobody: {ownerless(item.commitment)}"
        elif rule.name not in with_moments:
            found[rule.name] = (
                "it only reports alerts that nobody answers, and there is none to report"
                if rule.only_follows_up
                else "it has no reminder for such a deadline"
            )
    return found


def line_ahead(
    reading: Reading, item: Tracked, known: RecipientsOfAlerts, now: datetime, ahead: ExplainedAlert
) -> AlertLine:
    """Return the line of an alert that is due or scheduled."""
    about = replace(item, bounds=ahead.explanation.bounds or item.bounds)  # of what recurs, those of one date
    due = due_alert(known, reading.rules[ahead.rule], about, max(now, ahead.explanation.send_at))
    times, (at, text) = SendingTimes.of(known, due), _heads(reading, item, ahead)
    held, whom = times.held_text(reading.zone), times.shown_targets(reading.zone)
    if ahead.outcome == "due" and not held:
        return AlertLine("due now", text, ahead.rule, f"{whom} (while the daemon runs, within a minute)")
    reason = ahead.explanation.reason
    more = f" ({with_local_times(reason, reading.zone)})" if reason else ""
    return AlertLine(at, text + held, ahead.rule, whom + more)


def line_sent(reading: Reading, item: Tracked, sent: ExplainedAlert) -> AlertLine:
    """Return the line of an alert that was sent."""
    return AlertLine(*_heads(reading, item, sent), sent.rule, _deliveries(reading, sent))


def lines_skipped(
    reading: Reading, item: Tracked, skipped: Iterable[ExplainedAlert], *, everything: bool, hint: str = ""
) -> Iterator[AlertLine]:
    """Yield a line for each skipped alert, and one for many with the same reason. `hint`: how to see each of them."""
    groups: dict[tuple[str, str], list[ExplainedAlert]] = defaultdict(list)
    for one in skipped:
        groups[one.rule, one.explanation.reason or ""].append(one)
    for (rule, reason), some in groups.items():
        text = with_local_times(reason, reading.zone)
        if everything or not (len(some) > MAX_ALIKE or reason.startswith(ALREADY_PAST)):
            yield from (AlertLine(*_heads(reading, item, one), rule, text) for one in some)
        else:
            at, first = _heads(reading, item, some[0])
            yield AlertLine(at, f"latest of {len(some)} alerts" if len(some) > 1 else first, rule, text + hint)


def _heads(reading: Reading, item: Tracked, explained: ExplainedAlert) -> tuple[str, str]:
    """Return when an alert goes out or would have, and what it says."""
    one, zone = explained.explanation, reading.zone
    text = describe_alert(item.commitment, one.kind, one.offset, one.bounds, at=one.send_at, zone=zone)
    return shown(one.send_at, zone), ": ".join(filter(None, (explained.occurrence, text)))


def _deliveries(reading: Reading, explained: ExplainedAlert) -> str:
    deliveries = [
        f"{row['channel']}{' → ' + row['recipient'] if row['recipient'] else ''} {row['state']}"
        f"{': ' + row['last_error'] if row['last_error'] and row['state'] != 'sent' else ''} ({str(row['id'])[:8]})"
        f" {before_hours(row, reading.zone)}".rstrip()
        for row in explained.deliveries
    ]
    if explained.held_until:
        deliveries.append(f"held back until {shown(explained.held_until, reading.zone)}")
    return "; ".join(deliveries) or "recorded, no recipient"
