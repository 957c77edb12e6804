"""Silences on purpose: which commitments send no alerts for a time, why, and who has decided that."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import get_args

from alerts.core.commitments import PRIORITIES, Commitment, Kind
from alerts.core.rules import MATCHED, matches
from alerts.core.tracked import Proof
from alerts.deadlines.errors import InputError, did_you_mean
from alerts.deadlines.points import Day
from alerts.deadlines.values import frozen

LONGEST = timedelta(days=90)
DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


@frozen(kw_only=True)
class Silence:
    """Alerts of the commitments that match are held back from `since` to `until`. An empty match is everything.

    `of_settings`: the configuration states it. `ended_at`: when somebody ended it before its time. `proof`: how it is
    known who has decided it.
    """

    match: Mapping[str, tuple[str, ...]]
    since: datetime
    until: datetime
    reason: str
    by: str
    of_settings: bool = False
    ended_at: datetime | None = None
    proof: Proof = "shell"

    @property
    def id(self) -> str:
        """Return a short name: the same for what is stated alike."""
        match = {what: list(values) for what, values in self.match.items()}
        stated = [match, self.since.isoformat(), self.until.isoformat(), self.reason, self.by]
        return hashlib.sha256(json.dumps(stated, sort_keys=True).encode()).hexdigest()[:8]

    @property
    def ends(self) -> datetime:
        """Return when it ends, or was ended."""
        return min(self.until, self.ended_at) if self.ended_at else self.until

    def holds(self, commitment: Commitment, at: datetime) -> bool:
        """Return whether it silences a commitment at an instant."""
        return self.since <= at < self.ends and matches(self.match, commitment)

    @property
    def to_text(self) -> str:
        """Return what it silences: `priority low or normal and tags trade-truce`."""
        parts = [f"{what} {' or '.join(values)}" for what, values in self.match.items() if values]
        return " and ".join(parts) or "everything"


def check_match(match: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    """Return what a silence matches. Raises InputError for a field that no rule matches by, or an unknown value."""
    found = {what: tuple(values) for what, values in match.items()}
    for what, values in found.items():
        if what not in MATCHED:
            raise InputError(f"expected any of {', '.join(MATCHED)}, found {what!r}{did_you_mean(what, MATCHED)}")
        known = {"kind": get_args(Kind), "priority": PRIORITIES}.get(what, values)
        for value in values:
            if value not in known:
                near = did_you_mean(value, known)
                raise InputError(f"{what}: expected one of {', '.join(known)}, found {value!r}{near}")
    return {what: values for what, values in found.items() if values}


def check_silence(silence: Silence, now: datetime | None = None) -> Silence:
    """Return a silence that may be. Raises InputError where it has no time, lasts too long, or is over by `now`."""
    if silence.until <= silence.since:
        raise InputError("a silence must end after it begins: name a later `until`")
    if silence.until - silence.since > LONGEST:
        raise InputError(f"a silence can last {LONGEST.days} days at most: name an earlier `until`")
    if now is not None and silence.until <= now:
        raise InputError("a silence must end in the future: name a later `until`")
    return silence


def read_time(text: str, zone: str, *, end: bool) -> datetime:
    """Read a time, or the start of a day in a zone; for an end, the end of that day: it includes the day."""
    try:
        if DAY.fullmatch(text):
            day = Day(date.fromisoformat(text), zone)
            return day.end if end else day.counted_start
        at = datetime.fromisoformat(text)
        if at.tzinfo is None:
            raise ValueError
        return at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise InputError(
            f"{text!r} is not a time: expected a day such as 2026-12-24, or a time such as 2026-12-24T09:00Z"
        ) from None


def silenced_until(
    silences: Iterable[Silence],
    commitment: Commitment,
    latest: datetime | None,
    at: datetime,
    last_firing: Callable[[datetime], datetime | None],
) -> datetime | None:
    """Return until when silences hold back an alert that is due at an instant; None where none does.

    `latest`: the deadline that the alert is about.

    What is critical goes out at the last firing before its deadline, which `last_firing` returns, or at once, if that
    firing and the deadline itself are silenced: by one silence, or by others that follow it without a gap.
    """
    silences = list(silences)
    ends = max((one.ends for one in silences if one.holds(commitment, at)), default=None)
    if ends is None or commitment.priority != "critical" or latest is None:
        return ends
    covered = ends
    while covered < latest and (later := [one.ends for one in silences if one.holds(commitment, covered)]):
        covered = max(later)
    return ends if covered < latest else last_firing(latest)


def silence_of(silences: Iterable[Silence], commitment: Commitment, at: datetime) -> Silence | None:
    """Return the silence that holds for a commitment at an instant: of several, the one that ends last."""
    return max((one for one in silences if one.holds(commitment, at)), key=lambda one: one.ends, default=None)
