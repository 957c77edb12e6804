"""Which planned reminders are stale when their delivery is claimed, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, and_, bindparam, select

from alerts.core.reminders import MERGEABLE_KINDS, REPEATING_KINDS, Reminder
from alerts.core.rules import Rule
from alerts.core.schedule.answers import silences
from alerts.core.schedule.unanswered import answered_until
from alerts.core.tracked import Tracked
from alerts.deadlines.errors import InputError
from alerts.store import planning_tables
from alerts.store.answer_rows import own_snoozes
from alerts.store.occurrence_rows import fetch_whole
from alerts.store.outbox.other_alerts import Link, link_of, other_alerts
from alerts.store.outbox.repeated_ends import ended_already
from alerts.store.outbox.unsent_moves import moved_again
from alerts.store.rows import chunks, reminder_of

_REMINDER, _REPEAT = planning_tables.reminders.alias(), planning_tables.reminders.alias()
_RULES = planning_tables.rules.c

FOLLOWED_BY_LATER = "a later reminder replaced it"
KNOWN_END = "the recipient already knows of this end"
_ANNOUNCED = ("closed", "reopened")
# The other rules of which a reminder means the same alert.
_ALERT_KEY = ("commitment_id", "occurrence", "bounds_version", "kind", "moment")
_OTHER_RULES = (
    select(_REMINDER.c.id, _REPEAT.c.rule)
    .join(
        _REPEAT,
        and_(*(_REMINDER.c[name] == _REPEAT.c[name] for name in _ALERT_KEY), _REMINDER.c.rule != _REPEAT.c.rule),
    )
    .where(_REMINDER.c.id.in_(bindparam("ids", expanding=True)))
)
_SPECS = select(_RULES.spec).where(_RULES.name.in_(bindparam("names", expanding=True)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Staleness:
    """What decides whether linked reminders are stale.

    `rules` are those that an acknowledgement can silence; `other_rules` mean the same repeat as a reminder (by id).
    """

    rules: Mapping[str, Rule]
    other_rules: Mapping[UUID, Sequence[str]]
    replaced: Collection[Link]
    known_ends: Collection[Link]

    @classmethod
    def fetch(
        cls, connection: Connection, tracked: Mapping[int, Tracked], links: Sequence[Any], tried: Collection[UUID]
    ) -> Staleness:
        """Read what decides about some links. `tried` are the deliveries that were tried before."""
        rules, others = _deciding_rules(connection, tracked, links)
        replaced = _followed_by_later(connection, links) | _ended_since(connection, links, tried)
        replaced |= _announced_again(connection, links) | _reported_again(connection, links)
        replaced |= moved_again(connection, links)
        return cls(
            rules=rules,
            other_rules=others,
            replaced=replaced,
            known_ends=ended_already(connection, links),
        )

    def reason(self, link: Any, reminder: Reminder, about: Tracked) -> str | None:
        """Return why a reminder must not go out any more, if so. `about` is the occurrence that it is about."""
        meaning = _meaning(link, self.rules, self.other_rules)
        if reason := _changed_meanwhile(reminder, about, meaning):
            return reason
        if (link["delivery_id"], link["id"]) in self.replaced:
            return FOLLOWED_BY_LATER
        return KNOWN_END if (link["delivery_id"], link["id"]) in self.known_ends else None


def meant_no_more(connection: Connection, rows: Sequence[Any]) -> set[UUID]:
    """Return the ids of reminders that must not go out: their commitment has moved, ended or been answered since.

    `rows` are rows of reminders, each with the `key` of its commitment.
    """
    ids = {row["commitment_id"] for row in rows}
    tracked, snoozes = fetch_whole(connection, ids), own_snoozes(connection, ids)
    rules, others = _deciding_rules(connection, tracked, rows)
    found: set[UUID] = set()
    for row in rows:
        reminder = reminder_of(row, row["key"])
        about = about_reminder(reminder, tracked[row["commitment_id"]])
        about = replace(about, own_snoozes=tuple(snoozes.get(about.id, ())))
        if _changed_meanwhile(reminder, about, _meaning(row, rules, others)):
            found.add(row["id"])
    return found


def about_reminder(reminder: Reminder, tracked: Tracked) -> Tracked:
    """Return the occurrence that a reminder is about; the commitment itself, if there is none or it is gone."""
    try:
        return tracked.at(reminder.occurrence)
    except InputError:
        return tracked


def _deciding_rules(
    connection: Connection, tracked: Mapping[int, Tracked], links: Sequence[Any]
) -> tuple[dict[str, Rule], dict[UUID, list[str]]]:
    """Return the rules that decide whether an answer silences some reminders, and the others that mean each."""
    answered = [link for link in links if _answered(tracked[link["commitment_id"]])]
    others = _other_rules(connection, answered)
    names = {link["rule"] for link in answered}.union(*others.values())
    names |= {link["rule"] for link in links if link["kind"] == "unanswered"}
    return rules_of(connection, names) if names else {}, others


def _meaning(link: Any, rules: Mapping[str, Rule], others: Mapping[UUID, Sequence[str]]) -> list[Rule | None]:
    """Return the rules that mean a reminder, where they decide."""
    return [rules.get(name) for name in (link["rule"], *others.get(link["id"], ()))]


def _answered(tracked: Tracked) -> bool:
    """Whether the commitment or one of its occurrences is acknowledged."""
    return tracked.acknowledged is not None or any(one.acknowledged for one in tracked.occurrences.values())


def _other_rules(connection: Connection, links: Sequence[Any]) -> dict[UUID, list[str]]:
    """Return the other rules that mean the same repeat, by the reminder that is sent for all of them."""
    found: dict[UUID, list[str]] = defaultdict(list)
    repeats = {link["id"] for link in links if link["kind"] in REPEATING_KINDS}
    if not repeats:
        return found
    for some in chunks(repeats):
        for row in connection.execute(_OTHER_RULES, {"ids": some}):
            found[row.id].append(row.rule)
    return found


def rules_of(connection: Connection, names: Collection[str]) -> dict[str, Rule]:
    """Return registered rules by name."""
    specs = connection.execute(_SPECS, {"names": list(names)}).scalars()
    return {rule.name: rule for rule in map(Rule.from_json, specs)}


def _changed_meanwhile(reminder: Reminder, tracked: Tracked, rules: Sequence[Rule | None]) -> str | None:
    """Return why a change makes a reminder stale; a move or an end does not make its own alert stale.

    It stands for all `rules` that mean it: an acknowledgement silences it only where it does so under each.
    """
    if reminder.kind == "closed" and tracked.open:
        return "reopened meanwhile"
    if reminder.kind in ("moved", "closed"):
        return None
    if not tracked.open:
        return f"closed meanwhile ({tracked.ended_as})"
    if reminder.fingerprint != tracked.bounds.fingerprint and reminder.kind != "reopened":
        return "moved meanwhile"
    if reminder.kind == "unanswered":
        answered = max((at for rule in rules if (at := answered_until(rule, tracked))), default=None)
        return "answered meanwhile" if answered is not None and answered >= reminder.moment else None
    seen = tracked.acknowledged
    what = (reminder.kind, reminder.moment, reminder.send_at)
    if seen and all(silences(rule, tracked, *what) for rule in rules):
        return f"acknowledged meanwhile by {seen.by}"
    return None


def _followed_by_later(connection: Connection, links: Sequence[Any]) -> set[Link]:
    """Return links whose reminder was followed by a later one of the same commitment, to the same recipient.

    After a move there and back the same moment goes out again, of the new version of the bounds: that is later, too.
    So is a reopening, which gives the present state.

    One that was planned before mine does not count: both go out. A delivery to a deputy or a fallback is created when
    it is handed on, so that both may be created at once. So the times of planning are compared as well.
    """
    mine = [link for link in links if link["kind"] in MERGEABLE_KINDS]
    since = min((link["moment"] for link in mine), default=None)
    if since is None:
        return set()
    found = other_alerts(connection, mine, _follows, kinds=MERGEABLE_KINDS, since=since, whenever=["reopened"])
    return {
        link_of(link)
        for link, other in found
        if other.created_at >= link["created_at"] and other.reminder["planned_at"] >= link["planned_at"]
    }


def _follows(mine: Any, other: Any) -> bool:
    if mine["occurrence"] != other["occurrence"]:
        return False
    if other["kind"] == "reopened":
        return bool(other["bounds_version"] > mine["bounds_version"])
    again = mine["moment"] == other["moment"] and mine["kind"] == other["kind"]
    return _is_later(mine, other) or (again and other["bounds_version"] > mine["bounds_version"])


def _is_later(mine: Any, other: Any) -> bool:
    return bool(other["moment"] > mine["moment"] and other["bounds_version"] >= mine["bounds_version"])


def _ended_since(connection: Connection, links: Sequence[Any], tried: Collection[UUID]) -> set[Link]:
    """Return links whose alert of a move did not get through before the same recipient got that of the end.

    Sent after that, it would open again what the end has closed at the other side.
    """
    mine = [link for link in links if link["kind"] == "moved" and link["delivery_id"] in tried]
    return {link_of(link) for link, _ in other_alerts(connection, mine, _ends, kinds=["closed"])}


def _ends(mine: Any, other: Any) -> bool:
    return other["occurrence"] in (mine["occurrence"], "") and other["moment"] >= mine["moment"]


def _announced_again(connection: Connection, links: Sequence[Any]) -> set[Link]:
    """Return links whose alert of an end or a reopening is followed by another, to the same recipient."""
    mine = [link for link in links if link["kind"] in _ANNOUNCED]
    return {link_of(link) for link, _ in other_alerts(connection, mine, _announces_again, kinds=_ANNOUNCED)}


def _announces_again(mine: Any, other: Any) -> bool:
    return bool(mine["occurrence"] == other["occurrence"] and other["moment"] > mine["moment"])


def _reported_again(connection: Connection, links: Sequence[Any]) -> set[Link]:
    """Return links whose report that nobody has answered is followed by a later one of its rule.

    A later one that was not sent since somebody had answered by then does not count: that answer may be taken back.
    """
    mine = [link for link in links if link["kind"] == "unanswered"]
    return {
        link_of(link)
        for link, other in other_alerts(connection, mine, _reports_again, kinds=["unanswered"])
        if other.state != "superseded" and other.reminder["rule"] == link["rule"]
    }


def _reports_again(mine: Any, other: Any) -> bool:
    return mine["occurrence"] == other["occurrence"] and _is_later(mine, other)
