"""Open commitments whose alerts reach nobody, or only the default recipients."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar

from alerts.core.commitments import Commitment
from alerts.core.owners import OWNER, Owners
from alerts.core.rules import DEFAULT_RULE, Rule, matching
from alerts.core.short_lists import Counted, few
from alerts.core.tracked import Tracked
from alerts.store.matched_facts import MatchedGroup, keys_of, matched_groups
from alerts.views.surroundings import Reading

T = TypeVar("T")
WhyUnreached = Literal["no rule", "only follow-up", "no owner"]
ONLY_FOLLOW_UP = "only rules with nothing but `unanswered` match"


@dataclass(slots=True)
class WithoutRecipient:
    """Keys of open commitments with no or only default recipients.

    `ruleless`: no rule matches; `unstarted`: only rules that follow up on the alerts of others do; `unowned`: the rules
    notify only owners and no owner is known (by the reason); `default`: only `default_notify` sends the first alerts
    (by those of its names that reach somebody).
    """

    ruleless: Sequence[str] = ()
    unstarted: Sequence[str] = ()
    unowned: Mapping[str, Sequence[str]] = field(default_factory=dict)
    default: Mapping[tuple[str, ...], Sequence[str]] = field(default_factory=dict)

    @property
    def lines(self) -> list[str]:
        """Return a line for each reason why nobody is alerted."""
        lines = [f"no rule matches {few(self.ruleless)}: no alerts"] if self.ruleless else []
        lines += [f"{ONLY_FOLLOW_UP} {few(self.unstarted)}: no alerts"] if self.unstarted else []
        return lines + [f"no alerts for {few(keys)}: {why}" for why, keys in self.unowned.items()]


def without_recipient(reading: Reading, tracked: Iterable[Tracked], owners: Owners) -> WithoutRecipient:
    """Find the open commitments whose alerts reach nobody, or only `default_notify`."""
    sorted_out = _SortedOut[str]()
    for item in (one for one in tracked if one.open):
        sorted_out.add(reading, item.commitment, owners, item.commitment.key)
    return sorted_out.found(lambda keys: keys)


def without_recipient_of_all(reading: Reading, owners: Owners, planned: Iterable[Tracked] = ()) -> WithoutRecipient:
    """Find the same among all open commitments, without reading them, and the `planned` ones; name the first few."""
    sorted_out, database = _SortedOut[MatchedGroup | str](), reading.store.database
    for group in open_groups(reading):
        sorted_out.add(reading, group.commitment, owners, group)
    for item in planned:
        sorted_out.add(reading, item.commitment, owners, item.commitment.key)

    def keys(found: list[MatchedGroup | str]) -> Sequence[str]:
        stored = keys_of(database, [one for one in found if isinstance(one, MatchedGroup)])
        new = [one for one in found if isinstance(one, str)]
        return Counted([*stored[:], *new], len(stored) + len(new))

    return sorted_out.found(keys)


def open_groups(reading: Reading) -> Iterator[MatchedGroup]:
    """Yield all open commitments in groups that each rule matches as a whole."""
    named = {key for rule in reading.settings.rules for key in rule.match.get("key", ())}
    return matched_groups(reading.store.database, named)


@dataclass(slots=True)
class _SortedOut(Generic[T]):
    """Commitments, or groups of them, by how alerts reach nobody."""

    ruleless: list[T] = field(default_factory=list)
    unstarted: list[T] = field(default_factory=list)
    unowned: dict[str, list[T]] = field(default_factory=lambda: defaultdict(list))
    default: dict[tuple[str, ...], list[T]] = field(default_factory=lambda: defaultdict(list))

    def add(self, reading: Reading, commitment: Commitment, owners: Owners, one: T) -> None:
        rules = matching(reading.settings.rules, commitment)
        why = why_unreached(rules, owners, commitment)
        if why == "no rule":
            self.ruleless.append(one)
        elif why == "only follow-up":
            self.unstarted.append(one)
        elif why == "no owner":
            self.unowned[ownerless(commitment)].append(one)
        elif default := [rule for rule in rules if rule.name == DEFAULT_RULE]:
            reached = {name for rule in rules for name, _ in owners.channels(rule.notify, commitment)}
            self.default[tuple(name for name in default[0].notify if name in reached)].append(one)

    def found(self, keys: Callable[[list[T]], Sequence[str]]) -> WithoutRecipient:
        return WithoutRecipient(
            ruleless=keys(self.ruleless),
            unstarted=keys(self.unstarted),
            unowned={why: keys(some) for why, some in self.unowned.items()},
            default={names: keys(some) for names, some in self.default.items()},
        )


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


def without_known_owner(reading: Reading, commitment: Commitment) -> Iterator[tuple[str, bool]]:
    """Yield what follows where a commitment has no known owner, for each rule, and whether it reaches nobody else."""
    if reading.owners.of(commitment):
        return
    for rule in (rule for rule in matching(reading.settings.rules, commitment) if OWNER in rule.notify):
        others = ", ".join(name for name in rule.notify if name != OWNER)
        whom = f"{others} only" if others else "nobody"
        why, which = ownerless(commitment), f"rule {rule.name}"
        if rule.name == DEFAULT_RULE:
            why, which = f"no rule matches, and {why}", f"default_notify ({', '.join(rule.notify)})"
        yield f"{why}, so {which} reaches {whom}", not others


def unreached_texts(reading: Reading, groups: Iterable[MatchedGroup]) -> dict[str, Sequence[str]]:
    """Return what is wrong with the recipients of groups of open commitments, each with the keys: `check` warns of it.

    Those that only `default_notify` reaches are included.
    """
    sorted_out, unknown = _SortedOut[MatchedGroup](), defaultdict[str, list[MatchedGroup]](list)
    for group in groups:
        texts = [text for text, _ in without_known_owner(reading, group.commitment)]
        for text in texts:
            unknown[text].append(group)
        if not texts:
            sorted_out.add(reading, group.commitment, reading.owners, group)
    found = sorted_out.found(lambda groups: keys_of(reading.store.database, groups))
    return (
        {"no rule matches, so no alerts go out": found.ruleless}
        | {f"{ONLY_FOLLOW_UP}, so no alerts go out": found.unstarted}
        | {
            f"no rule matches; alerts go to default_notify ({', '.join(names)})": keys
            for names, keys in found.default.items()
        }
        | {text: keys_of(reading.store.database, some) for text, some in unknown.items()}
    )
