"""Open commitments whose alerts reach nobody, or only the default recipients."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from alerts.core.commitments import Commitment
from alerts.core.owners import OWNER, Owners
from alerts.core.rules import DEFAULT_RULE, Rule, matching
from alerts.core.short_lists import few
from alerts.core.tracked import Tracked
from alerts.views.surroundings import Reading

WhyUnreached = Literal["no rule", "only follow-up", "no owner"]
ONLY_FOLLOW_UP = "only rules with nothing but `unanswered` match"


@dataclass(slots=True)
class WithoutRecipient:
    """Keys of open commitments with no or only default recipients.

    `ruleless`: no rule matches; `unstarted`: only rules that follow up on the alerts of others do; `unowned`: the rules
    notify only owners and no owner is known (by the reason); `default`: only `default_notify` sends the first alerts
    (by those of its names that reach somebody).
    """

    ruleless: list[str] = field(default_factory=list)
    unstarted: list[str] = field(default_factory=list)
    unowned: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    default: dict[tuple[str, ...], list[str]] = field(default_factory=lambda: defaultdict(list))

    @property
    def lines(self) -> list[str]:
        """Return a line for each reason why nobody is alerted."""
        lines = [f"no rule matches {few(self.ruleless)}: no alerts"] if self.ruleless else []
        lines += [f"{ONLY_FOLLOW_UP} {few(self.unstarted)}: no alerts"] if self.unstarted else []
        return lines + [f"no alerts for {few(keys)}: {why}" for why, keys in self.unowned.items()]


def without_recipient(reading: Reading, tracked: Iterable[Tracked], owners: Owners) -> WithoutRecipient:
    """Find the open commitments whose alerts reach nobody, or only `default_notify`."""
    found = WithoutRecipient()
    for item in (one for one in tracked if one.open):
        commitment = item.commitment
        rules = matching(reading.settings.rules, commitment)
        why = why_unreached(rules, owners, commitment)
        if why == "no rule":
            found.ruleless.append(commitment.key)
        elif why == "only follow-up":
            found.unstarted.append(commitment.key)
        elif why == "no owner":
            found.unowned[ownerless(commitment)].append(commitment.key)
        elif default := [rule for rule in rules if rule.name == DEFAULT_RULE]:
            reached = {name for rule in rules for name, _ in owners.channels(rule.notify, commitment)}
            found.default[tuple(name for name in default[0].notify if name in reached)].append(commitment.key)
    return found


def why_unreached(rules: Sequence[Rule], owners: Owners, commitment: Commitment) -> WhyUnreached | None:
    """Return why the alerts of the rules that match a commitment reach nobody; None where they reach somebody."""
    if not rules:
        return "no rule"
    if all(rule.only_follows_up for rule in rules):
        return "only follow-up"
    return None if any(owners.channels(rule.notify, commitment) for rule in rules) else "no owner"


def ownerless(commitment: Commitment) -> str:
    """Return why no owner gets alerts of a commitment."""
    return f"its owner {commitment.owner} is not declared in `people`" if commitment.owner else "it has no owner"


def without_known_owner(reading: Reading, tracked: Iterable[Tracked]) -> Iterator[tuple[str, str, bool]]:
    """Yield commitments without a known owner: key, what follows, and whether the rule reaches nobody else."""
    owners = reading.owners
    for item in tracked:
        commitment = item.commitment
        if owners.of(commitment):
            continue
        rules = [rule for rule in matching(reading.settings.rules, commitment) if OWNER in rule.notify]
        for rule in rules:
            others = ", ".join(name for name in rule.notify if name != OWNER)
            whom = f"{others} only" if others else "nobody"
            why, which = ownerless(commitment), f"rule {rule.name}"
            if rule.name == DEFAULT_RULE:
                why, which = f"no rule matches, and {why}", f"default_notify ({', '.join(rule.notify)})"
            yield commitment.key, f"{why}, so {which} reaches {whom}", not others
