"""Commitments: promises that are tracked, with the parties and the sources behind them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Literal, get_args

from alerts.deadlines.business_days import Roll
from alerts.deadlines.values import frozen
from alerts.deadlines.zones import zone_info

Kind = Literal["obligation", "expiry", "event", "request", "expectation", "notice"]
Priority = Literal["low", "normal", "high", "critical"]
Status = Literal["open", "fulfilled", "breached", "withdrawn"]
NoticeAnswer = Literal["cancelled", "renewed"]
End = Literal["fulfilled", "breached", "withdrawn", "cancelled", "renewed"]
KINDS: tuple[str, ...] = get_args(Kind)
PRIORITIES: tuple[str, ...] = get_args(Priority)
ENDS: tuple[str, ...] = get_args(Status)[1:]
NOTICE_ANSWERS: tuple[str, ...] = get_args(NoticeAnswer)


@frozen(kw_only=True)
class Party:
    """Somebody who owes or is owed."""

    key: str
    name: str
    timezone: str | None = None
    calendar: str | None = None
    hours: str | None = None
    fiscal_year: str | None = None


@frozen(kw_only=True)
class Person:
    """A person who may own commitments, and their address. `timezone`: the one they read times in.

    `deputy`: the key of who gets their alerts while they are away, and from `left_at` on.
    """

    key: str
    name: str
    email: str
    timezone: str | None = None
    deputy: str | None = None
    left_at: datetime | None = None

    def has_left(self, now: datetime) -> bool:
        """Return whether nothing goes to the person any more."""
        return self.left_at is not None and self.left_at <= now

    def left_on(self, zone: str) -> str:
        """Return the first day without the person, in their zone or else in this one: `Mon 1 Feb 2027`."""
        assert self.left_at is not None
        return f"{self.left_at.astimezone(zone_info(self.timezone or zone)):%a %-d %b %Y}"


@frozen(kw_only=True)
class Source:
    """Where a commitment was read."""

    key: str
    title: str
    publisher: str | None = None
    url: str | None = None
    published: date | None = None


@frozen(kw_only=True)
class Citation:
    """The place in a source, and perhaps a short quotation."""

    key: str
    locator: str | None = None
    quote: str | None = None


@frozen(kw_only=True)
class Commitment:
    """A promise as it was written down; `deadline` in the canonical form of `alerts.deadlines`.

    `source` is the newest, and the one that alerts cite; `earlier_sources` are those before, the newest first.
    """

    key: str
    title: str
    deadline: str
    kind: Kind = "obligation"
    priority: Priority = "normal"
    status: Status = "open"
    by: tuple[str, ...] = ()
    to: tuple[str, ...] = ()
    owner: str | None = None
    tags: tuple[str, ...] = ()
    timezone: str | None = None
    calendars: tuple[str, ...] = ()
    roll: Roll = "none"
    review_every: str | None = None
    source: Citation | None = None
    assumptions: tuple[str, ...] = ()
    note: str | None = None
    earlier_sources: tuple[Citation, ...] = ()

    @property
    def sources(self) -> tuple[Citation, ...]:
        """Return all its sources, the newest first: `source`, then the earlier ones."""
        return (*((self.source,) if self.source else ()), *self.earlier_sources)

    def citing(self, *sources: Citation) -> Commitment:
        """Return the commitment with these sources, the newest first."""
        return replace(self, source=sources[0] if sources else None, earlier_sources=sources[1:])

    def citing_first(self, cited: Citation) -> Commitment:
        """Return the commitment with one source first. Its earlier locator and quote stay unless new ones are given."""
        known = next((one for one in self.sources if one.key == cited.key), cited)
        first = replace(known, locator=cited.locator or known.locator, quote=cited.quote or known.quote)
        return self.citing(first, *(one for one in self.sources if one.key != cited.key))
