"""Small functions that build values with defaults, and bring a store to where a test begins."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from alerts.core.changes import Change, Report, StatedCommitment
from alerts.core.commitments import Commitment, Party, Source, Status
from alerts.core.deliveries import Delivery
from alerts.core.envelopes import Routes
from alerts.core.messages import Message
from alerts.core.rules import Overdue, Remind, Rule
from alerts.core.schedule.watches import Evaluation
from alerts.core.tracked import Tracked
from alerts.deadlines.bounds import Bounds
from alerts.deadlines.deadline_bounds import resolve
from alerts.deadlines.grammar import parse
from alerts.deadlines.zone_choice import ZoneChoice
from alerts.planning import plan
from alerts.scheduled_rules import ScheduledRule
from alerts.store import Store
from alerts.store.claimed_watches import ClaimedWatches
from alerts.store.write_back import Evaluated, Written
from tests import acting

LEASE = timedelta(minutes=1)


def at(text: str) -> datetime:
    """Read `2025-11-10T09:00` (or a day) as UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


NOW = at("2025-10-28T09:00")


class SetClock:
    """A clock that shows what it is set to."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def commitment(key: str = "truce", deadline: str = "2025-11-10", **stated: Any) -> Commitment:
    return Commitment(key=key, deadline=str(parse(deadline)), **{"title": f"The {key}", "timezone": "UTC"} | stated)


def entry(key: str = "truce", deadline: str = "2025-11-10", **stated: Any) -> StatedCommitment:
    """A commitment as a file would state it."""
    return StatedCommitment(commitment(key, deadline, **stated), f"seeds.yaml:{key}")


def entries(count: int, deadline: str = "2025-11-10", **stated: Any) -> list[StatedCommitment]:
    """Many, with keys that sort by number."""
    return [entry(f"c{number:05}", deadline, **stated) for number in range(count)]


def bounds(deadline: str = "2025-11-10", zone: str | None = "UTC", known: dict[str, Bounds] | None = None) -> Bounds:
    return resolve(parse(deadline), ZoneChoice(zone), known or {})


def party(key: str = "cn", timezone: str | None = None, **more: Any) -> Party:
    return Party(key=key, timezone=timezone, **{"name": key.upper()} | more)


def source(key: str = "brief", **more: Any) -> Source:
    return Source(key=key, **{"title": f"The {key}"} | more)


def remind(**kinds: Any) -> Remind:
    """All kinds, unless some are named: then only those."""
    return Remind(**kinds) if kinds else Remind(
        before=("P7D", "P1D"), on_the_day=True, opens=True, overdue=Overdue(), moved=True, review="P14D", closed=True
    )  # fmt: skip


def rule(name: str = "desk", **more: Any) -> Rule:
    """A rule that speaks daily at nine through the channel `mail`."""
    return Rule(name=name, **{"cron": "0 9 * * *", "remind": remind(), "notify": ("mail",)} | more)


def change(now: datetime = NOW, by: str = "desk", **more: Any) -> Change:
    return Change(now=now, by=by, **more)


def load(
    store: Store,
    *stated: StatedCommitment,
    now: datetime = NOW,
    parties: Iterable[Party] = (),
    sources: Iterable[Source] = (),
    **more: Any,
) -> Report:
    """Load entries as `alerts load` does."""
    return store.commitments.load(stated, parties, sources, change(now), **more)


def move(store: Store, key: str, deadline: str, now: datetime = NOW, **more: Any) -> Report:
    return acting.move(store, key, deadline, change(now, **more), all_occurrences=True)


def close(store: Store, key: str, status: Status = "fulfilled", now: datetime = NOW) -> None:
    acting.close(store, key, status, change(now), all_occurrences=True)


def acknowledge(store: Store, key: str, until: datetime | None = None, now: datetime = NOW) -> None:
    acting.acknowledge(store, key, until, change(now))


def tracked(store: Store, key: str = "truce") -> Tracked:
    return store.commitments.find(key)


def settle(store: Store, *rules: Rule, now: datetime = NOW) -> int:
    """Register rules (if any are given) and settle the watches; returns how many commitments were looked at."""
    if rules:
        store.watches.register(rules, now)
    return sum(store.watches.settle())


def plan_at(
    store: Store, now: datetime, *rules: Rule, register: bool = True, to: Sequence[str] = ("desk@example.org",)
) -> int:
    """Plan once, with a channel `mail`; the rules are registered first, as they are when the daemon starts."""
    if register:
        store.watches.register(rules, now)
    channels: Any = {"mail": SimpleNamespace(one_at_a_time=False, default=False, recipients=tuple(to))}
    return plan(store, ScheduledRule.all(rules), channels, now)


def put_back(store: Store, claimed: ClaimedWatches, evaluations: Sequence[Evaluation], now: datetime) -> Written:
    """Write evaluated watches back, without any reminder to send."""
    evaluated = Evaluated(evaluations=evaluations, addressed=[])
    return store.watches.write_back(claimed, evaluated, Routes(recipients={}), now, planned_rules=claimed.rules)


def claim(store: Store, now: datetime, limit: int = 100, channel: str = "mail") -> list[Delivery]:
    return store.outbox.claim(channel, now, limit, LEASE)


def message(text: str = "It is due.\n", now: datetime = NOW) -> Message:
    return Message(subject="Due Mon 10 Nov 2025: the truce", text=text, rendered_at=now)
