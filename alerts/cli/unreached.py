"""Commitments that no rule tells anybody of, and owners who get nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from alerts.cli.app import App
from alerts.cli.output import few, note, warn
from alerts.core.commitments import Commitment
from alerts.core.owners import Owners
from alerts.core.rules import DEFAULT_RULE, matching
from alerts.core.tracked import Tracked


@dataclass(slots=True)
class WithoutRecipient:
    """Keys of open commitments of which too few are told.

    `ruleless`: no rule speaks for them; `unowned`: their rules tell owners only, and they have none who is known (by
    why); `default`: only `default_notify` speaks for them (by the words of it that reach anybody).
    """

    ruleless: list[str] = field(default_factory=list)
    unowned: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    default: dict[tuple[str, ...], list[str]] = field(default_factory=lambda: defaultdict(list))

    @property
    def lines(self) -> list[str]:
        """A line for each reason why nobody is told of some."""
        lines = [f"no rule speaks for {few(self.ruleless)}: nobody will be told"] if self.ruleless else []
        return lines + [f"nobody will be told of {few(keys)}: {why}" for why, keys in self.unowned.items()]


def without_recipient(app: App, tracked: Iterable[Tracked], owners: Owners) -> WithoutRecipient:
    """Find the open commitments of which nobody is told, or only those whom `default_notify` names."""
    found = WithoutRecipient()
    for item in (one for one in tracked if one.open):
        commitment = item.commitment
        rules = matching(app.settings.rules, commitment)
        reached = {word for rule in rules for word, _ in owners.channels(rule.notify, commitment)}
        if not rules:
            found.ruleless.append(commitment.key)
        elif not reached:
            found.unowned[ownerless(commitment)].append(commitment.key)
        elif [rule.name for rule in rules] == [DEFAULT_RULE]:
            words = tuple(word for word in rules[0].notify if word in reached)
            found.default[words].append(commitment.key)
    return found


def ownerless(commitment: Commitment) -> str:
    """Say why no owner can be told of a commitment."""
    return f"its owner {commitment.owner} is nobody who is declared" if commitment.owner else "it has no owner"


def warn_without_recipient(app: App, tracked: Iterable[Tracked], owners: Owners | None = None) -> None:
    """Name the open commitments for which nobody, or only `default_notify`, is told."""
    found = without_recipient(app, tracked, owners or app.owners)
    for line in found.lines:
        warn(line)
    for words, keys in found.default.items():
        note(f"no rule names {few(keys)}: told to default_notify ({', '.join(words)})")
