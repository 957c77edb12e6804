"""A rule with the firings of its cron, and which rules of this process are registered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from alerts.core.rules import Rule
from alerts.cron import Cron
from alerts.deadlines.values import frozen
from alerts.store import Store


@frozen
class ScheduledRule:
    """A rule and the firings of its cron."""

    rule: Rule
    cron: Cron

    @classmethod
    def all(cls, rules: Iterable[Rule]) -> dict[str, ScheduledRule]:
        """The rules by name."""
        return {rule.name: cls(rule, Cron(rule.cron, rule.timezone)) for rule in rules}


def current(store: Store, rules: Mapping[str, ScheduledRule]) -> dict[str, ScheduledRule]:
    """The rules that mean what was last registered under their names."""
    return current_of(rules, store.watches.registered())


def current_of(rules: Mapping[str, ScheduledRule], registered: Mapping[str, str]) -> dict[str, ScheduledRule]:
    """Return the rules that mean what is registered: hashes by name."""
    return {name: scheduled for name, scheduled in rules.items() if registered.get(name) == scheduled.rule.hash}
