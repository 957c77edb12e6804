"""Rules: which commitments need alerts, at which moments, on which cron, for whom."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import field, fields
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from alerts.core.commitments import Commitment
from alerts.deadlines.durations import Lead, parse_lead
from alerts.deadlines.values import frozen

if TYPE_CHECKING:
    from pydantic import TypeAdapter

MATCHED = ("key", "kind", "tags", "priority", "by", "to", "owner")
DEFAULT_RULE = "default"  # for commitments that no rule matches, where `default_notify` is set


@frozen(kw_only=True)
class Overdue:
    """When to remind of what is late: from `after` on, `every` interval, `at_most` times, `then` at a slower one."""

    after: str = "P0D"
    every: str = "P1D"
    at_most: int | None = 14
    then: str = "P7D"


@frozen(kw_only=True)
class Unanswered:
    """When to report an alert that nobody has answered: `after` it was sent, once a stage, then `every` interval."""

    after: str
    every: str | None = None


@frozen(kw_only=True)
class Remind:
    """The moments that a rule sends alerts at; what is not named is not sent."""

    before: tuple[str, ...] = ()
    on_the_day: bool = False
    opens: bool = False
    overdue: Overdue | None = None
    moved: bool = False
    review: str | None = None
    closed: bool = False
    unanswered: Unanswered | None = None


@frozen(kw_only=True)
class Rule:
    """One rule. `cron` has five fields, `timezone` is that of the cron, `notify` names channels, or `owner`.

    `summary`: each firing sums up all that falls due within this time. `fallback` names the channel through which
    its reminders go when another channel does not take them. `acknowledged_for`: how long an acknowledgement pauses
    its repeats, unless it has an end of its own (`core.schedule.answers` has the defaults).
    """

    name: str
    cron: str
    timezone: str = "UTC"
    match: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    remind: Remind = Remind()
    notify: tuple[str, ...] = ()
    digest: bool | None = None
    fallback: str | None = None
    summary: str | None = None
    acknowledged_for: str | None = None

    @property
    def sends_alerts(self) -> bool:
        """Return whether it sends alerts of single commitments, not only summaries."""
        return self.summary is None or self.remind != Remind()

    @property
    def only_follows_up(self) -> bool:
        """Return whether it only reports that nobody answers what other rules send."""
        return self.remind.unanswered is not None and self.remind == Remind(unanswered=self.remind.unanswered)

    def matches(self, commitment: Commitment) -> bool:
        """Return whether every field named holds, with any of its values; an empty match matches everything."""
        return matches(self.match, commitment)

    def mismatch(self, commitment: Commitment) -> list[str]:
        """Return each field named that keeps the rule from a commitment."""
        found = []
        for what, wanted in self.match.items():
            if not _holds(what, wanted, commitment):
                have = getattr(commitment, what)
                stated = ", ".join(have) if isinstance(have, tuple) else have
                found.append(f"{what} is {stated or 'not stated'}, the rule matches {' or '.join(wanted)}")
        return found

    @property
    def leads(self) -> list[Lead]:
        """Return the leads, longest first as written."""
        return [parse_lead(text) for text in self.remind.before]

    def to_json(self) -> dict[str, Any]:
        """Write the rule so that `from_json` reads it back."""
        data: dict[str, Any] = _stored().dump_python(self, mode="json")
        if self.remind.unanswered is None:
            del data["remind"]["unanswered"]  # as it was written before there was the setting
        return data

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Rule:
        """Read what `to_json` wrote; what an earlier version did not write has its default."""
        return _stored().validate_python(data)

    @property
    def hash(self) -> str:
        """Return a digest of what the rule sends and when; it changes when that does."""
        text = _stated(self)  # with those below, what `to_json` writes, without what that imports
        if self.remind.unanswered is None:
            text["remind"] = _stated(self.remind)
            del text["remind"]["unanswered"]
        del text["fallback"]  # decides where a failed reminder goes, not whether or when there is one
        if text["summary"] is None:
            del text["summary"]  # a rule without one means what it meant before there were any
        if text["acknowledged_for"] is None:
            del text["acknowledged_for"]  # as above
        return hashlib.sha256(json.dumps(text, default=_stated, sort_keys=True).encode()).hexdigest()[:16]


def _stated(value: Any) -> dict[str, Any]:
    """Return the fields of a value by name."""
    return {one.name: getattr(value, one.name) for one in fields(value)}


@lru_cache(maxsize=1)
def _stored() -> TypeAdapter[Rule]:
    from pydantic import TypeAdapter

    return TypeAdapter(Rule)


def matches(match: Mapping[str, tuple[str, ...]], commitment: Commitment) -> bool:
    """Return whether every field named holds, with any of its values."""
    return all(_holds(what, wanted, commitment) for what, wanted in match.items())


def _holds(what: str, wanted: tuple[str, ...], commitment: Commitment) -> bool:
    have = getattr(commitment, what)
    return any(value in wanted for value in (have if isinstance(have, tuple) else (have,)))


def matching(rules: Iterable[Rule], commitment: Commitment) -> list[Rule]:
    """Return the rules that apply to a commitment; the default rule only if no other does.

    A rule that only follows up on the alerts of others does not take the place of the default rule.
    """
    named = [rule for rule in rules if rule.sends_alerts and rule.matches(commitment)]
    others = [rule for rule in named if rule.name != DEFAULT_RULE]
    return named if all(rule.only_follows_up for rule in others) else others
