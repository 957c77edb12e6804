"""What the page of rules shows: what each rule does, and what is seldom meant."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from alerts.core.owners import OWNER
from alerts.core.rules import DEFAULT_RULE, Rule
from alerts.deadlines.durations import Duration
from alerts.rendering.template_filters import clean, flat
from alerts.views.absent_owners import absent_owners
from alerts.views.built_channels import built_channels
from alerts.views.channel_readers import ChannelReaders, channel_readers
from alerts.views.rule_texts import describe_cron, describe_gathering, describe_match, describe_moments
from alerts.views.settings_warnings import rule_warnings
from alerts.views.shown_times import shown_with_zone
from alerts.views.unreached import ONLY_FOLLOW_UP, WhyUnreached
from alerts.web.pages.due_index import IndexedCommitment
from alerts.web.pages.page_reading import PageReading

UNREACHED_TEXTS: dict[WhyUnreached, str] = {
    "no rule": "no rule matches",
    "only follow-up": ONLY_FOLLOW_UP,
    "no owner": "their rules alert only the owner, and none is known",
}
MOST_LINES = 20  # of what loads left out


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRow:
    """A rule of the page. `looks`: when its cron fires, in plain text if it can be said so; `cron`: as it is stated."""

    name: str
    title: str
    match: str
    moments: tuple[str, ...]
    looks: str
    cron: str
    zone: str
    next_firing: str
    recipients: tuple[str, ...]
    gathering: str
    fallback: str
    pause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Warnings:
    """What is seldom meant: of rules, and of commitments. `unreached`: how many nobody gets alerts about, and why."""

    rules: tuple[str, ...]
    owners: tuple[str, ...]
    unreached: tuple[tuple[str, int], ...]
    loads: tuple[str, ...]
    restated: int

    @property
    def any(self) -> bool:
        """Return whether there is one."""
        return bool(self.rules or self.owners or self.unreached or self.loads or self.restated)


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesView:
    """All of the page."""

    rules: tuple[RuleRow, ...]
    warnings: Warnings


def rules_view(reading: PageReading, everything: Sequence[IndexedCommitment]) -> RulesView:
    """Read and work out the page."""
    readers = channel_readers(reading.settings)
    rows = tuple(_row(reading, rule, readers) for rule in reading.settings.rules)
    with reading.store.database.snapshot():
        warnings = _warnings(reading, everything)
    return RulesView(rules=rows, warnings=warnings)


def _row(reading: PageReading, rule: Rule, readers: dict[str, ChannelReaders]) -> RuleRow:
    firing = reading.rules[rule.name].cron.at_or_after(reading.now)
    return RuleRow(
        name=rule.name,
        title="where no rule matches" if rule.name == DEFAULT_RULE else rule.name,
        match=flat(clean(describe_match(rule))),
        moments=tuple(describe_moments(rule)),
        looks=describe_cron(rule.cron) or "",
        cron=rule.cron,
        zone=rule.timezone,
        next_firing=shown_with_zone(firing, rule.timezone) if firing else "",
        recipients=tuple(_line(one) for one in _recipients(reading, rule, readers)),
        gathering=describe_gathering(rule),
        fallback=rule.fallback or "",
        pause=Duration.parse(rule.acknowledged_for).to_text if rule.acknowledged_for else "",
    )


def _recipients(reading: PageReading, rule: Rule, readers: dict[str, ChannelReaders]) -> Iterator[str]:
    for name in rule.notify:
        if name == OWNER:
            through = reading.settings.owners_channel
            yield f"the owner, through {through}" if through else "the owner, whom no channel mails"
        elif name in readers:
            yield f"{name}: {readers_text(readers[name], reading)}"


def readers_text(readers: ChannelReaders, reading: PageReading) -> str:
    """Return who reads a channel: `Ann Example, desk@example.org`, or those in a chat."""
    if readers.addresses is None:
        return "everybody who reads it there"
    return ", ".join(readers.names(reading.people)) or "nobody"


def _warnings(reading: PageReading, everything: Sequence[IndexedCommitment]) -> Warnings:
    people, store = reading.people, reading.store
    why = Counter(found for one in everything if (found := one.why_unreached(people)))
    owned: dict[str, list[str]] = defaultdict(list)
    for one in (one.commitment for one in everything if one.commitment.owner):
        owned[one.owner or ""].append(one.key)
    absent = absent_owners(reading, owned, owned.__getitem__, reading.now)
    left_out = store.left_out.lines()
    more = [f"and {len(left_out) - MOST_LINES:,} more"] if len(left_out) > MOST_LINES else []
    return Warnings(
        rules=tuple(_line(one) for one in rule_warnings(reading, built_channels(reading.settings))),
        owners=tuple(_line(one) for one in absent),
        unreached=tuple((UNREACHED_TEXTS[reason], count) for reason, count in why.most_common()),
        loads=tuple(_line(one) for one in (*left_out[:MOST_LINES], *more)),
        restated=len(store.commitments.restated()),
    )


def _line(text: str) -> str:
    return flat(clean(text))
