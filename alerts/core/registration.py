"""Which process may register the rules that a database uses."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, field
from datetime import datetime, timedelta

from alerts.core.commitments import Person
from alerts.core.rules import Rule
from alerts.core.silences import Silence
from alerts.deadlines.values import frozen

GRACE = timedelta(hours=1)  # how much later reminders end that a new configuration leaves out
SHIPPED = "shipped"  # stands for the folder of the configuration that comes with the package


@frozen(kw_only=True)
class RuleSet:
    """What a process uses: the rules, channels (name → fingerprint), people, silences, zone of its configuration.

    `events`: the names of those that channels subscribe to, by channel. `folder`: where the configuration lies.
    """

    rules: Mapping[str, Rule]
    channels: Mapping[str, str] = field(default_factory=dict)
    people: Sequence[Person] = ()
    silences: Sequence[Silence] = ()
    events: Mapping[str, Sequence[str]] = field(default_factory=dict)
    zone: str | None = None
    folder: str | None = None

    @property
    def hashes(self) -> dict[str, str]:
        """Return the hash of each rule, by name."""
        return {name: rule.hash for name, rule in self.rules.items()}

    @property
    def hash(self) -> str:
        """Return a digest of all of it but the folder."""
        whole = {
            "rules": {name: (rule.hash, rule.fallback) for name, rule in self.rules.items()},
            "channels": dict(self.channels),
            "people": sorted(json.dumps(_stated(person), sort_keys=True, default=str) for person in self.people),
            "zone": self.zone,
        }
        if self.silences:
            whole["silences"] = sorted(one.id for one in self.silences)
        return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()[:16]


def _stated(person: Person) -> dict[str, object]:
    """Return what a person is registered with. A newer field is left out where nothing is stated: the hash stays."""
    always = ("key", "name", "email", "timezone")
    return {name: value for name, value in asdict(person).items() if name in always or value is not None}


@frozen(kw_only=True)
class Registration:
    """A set that was registered. `hash` is empty where only its rules are known, as after an upgrade."""

    hash: str
    folder: str | None
    rules: Mapping[str, str]
    channels: Mapping[str, str]
    registered_at: datetime | None = None


@frozen(kw_only=True)
class Registered:
    """The result of an attempt to register.

    `is_mine`: whether the own set is the registered one now; `is_new`: whether it was not before. `removed` names the
    rules that this left out, `left_alone` those that mean something else here or are in only one of both.
    """

    is_mine: bool
    is_new: bool = False
    removed: tuple[str, ...] = ()
    left_alone: tuple[str, ...] = ()
    channels: Mapping[str, str] = field(default_factory=dict)


def daemon_may_register(mine: RuleSet, history: Sequence[Registration], others: Collection[str]) -> bool:
    """Return whether a daemon may register its set: one never seen, the current one, or one that nobody replaced alive.

    `others` are the sets that other live processes run. A set that was replaced is taken back only where none of them
    runs a later one. A configuration without any rule replaces nothing.
    """
    if not mine.rules and history:
        return False
    hashes = [one.hash for one in history]
    if mine.hash not in hashes:
        return True
    last = len(hashes) - 1 - hashes[::-1].index(mine.hash)
    return not set(hashes[last + 1 :]) & set(others)


def tick_may_register(mine: RuleSet, history: Sequence[Registration], *, daemon_lives: bool, take_over: bool) -> bool:
    """Return whether a single tick may register its set."""
    if take_over or not history:
        return True
    last = history[-1]
    if is_same(mine, last):
        return True
    if daemon_lives or not mine.rules:
        return False
    if mine.folder == SHIPPED:  # used when no configuration was found, as in a wrong folder
        return last.folder == SHIPPED
    # Before there was a history no folder was known, and the shipped set is nobody's own.
    return last.folder in (mine.folder, None, SHIPPED)


def may_use_shipped_rules(mine: RuleSet, history: Sequence[Registration]) -> bool:
    """Return whether a daemon may run the shipped set: where it takes the place of nobody's own."""
    return not history or history[-1].folder == SHIPPED or is_same(mine, history[-1])


def is_same(mine: RuleSet, last: Registration) -> bool:
    """Return whether a set is the registered one, as far as that is known."""
    return last.hash == mine.hash or (not last.hash and dict(last.rules) == mine.hashes)


def differences(mine: Mapping[str, str], registered: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of the rules that mean different things in two sets, or are in only one of them."""
    return tuple(sorted(name for name in {*mine, *registered} if mine.get(name) != registered.get(name)))
