"""What a calendar program gets for the address of a feed."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import BoundedSemaphore

from alerts.core.commitments import Source
from alerts.core.tracked import Tracked
from alerts.interchange.ics.feed_events import ENDED_STAYS
from alerts.interchange.ics.feed_writer import FeedWriter, ended_calendar
from alerts.rendering.calendar_text import entry_of
from alerts.store.feed_contents import contents
from alerts.store.feeds import Feed
from alerts.store.store_error import StoreError
from alerts.web.rate_limit import RateLimit, network_of
from alerts.web.services import Services

log = logging.getLogger(__name__)

TOKEN = re.compile(r"[0-9a-f]{64}")
AT_ONCE = 2  # calendars in the making: each may take 20 MB and a second of a processor
WAIT = 5.0  # seconds for one of these places
RETRY_AFTER = {"Retry-After": "60"}
FAREWELL = timedelta(days=30)  # how long a revoked feed says so


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedAnswer:
    """An answer: a calendar, or a line of text that says why there is none."""

    status: int
    body: bytes = b""
    is_calendar: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


NONE = FeedAnswer(status=404, body=b"There is no calendar at this address.\n")
GONE = FeedAnswer(status=410, body=b"This calendar has ended. Remove it from your calendar program.\n")
TOO_MANY = FeedAnswer(status=429, body=b"Too many wrong addresses. Try again in a minute.\n", headers=RETRY_AFTER)
BUSY = FeedAnswer(status=503, body=b"Too many calendars are asked for. Try again in a minute.\n", headers=RETRY_AFTER)


class CalendarFeeds:
    """Answers for all feeds of a server."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._wrong = RateLimit()
        self._places = BoundedSemaphore(AT_ONCE)

    def answer(self, token: str, address: str, if_none_match: str) -> FeedAnswer:
        """Return the calendar of a token, or 304 where the program has the same already. Raises StoreError."""
        now = self._services.clock()
        feed = self._services.store.feeds.find(token, now) if TOKEN.fullmatch(token) else None
        if feed is None:
            return TOO_MANY if self._wrong.is_exceeded(network_of(address), now) else NONE
        ended = self._ended_at(feed, now)
        if ended and now - ended > FAREWELL:
            return GONE
        if not self._places.acquire(timeout=WAIT):
            return BUSY
        try:
            body = ended_calendar(feed.name, ended) if ended else self._written(feed, now)
        finally:
            self._places.release()
        self._note_use(feed, now)
        tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
        if tag in re.findall(r'"[^"]*"', if_none_match):  # weak tags of proxies that compress count as well
            return FeedAnswer(status=304, headers=headers)
        return FeedAnswer(status=200, body=body, is_calendar=True, headers=headers)

    def _ended_at(self, feed: Feed, now: datetime) -> datetime | None:
        """Return when a feed ended; one whose person nobody declares any more ends now."""
        if feed.revoked_at is None and feed.is_orphaned:
            try:
                self._services.store.feeds.end(feed, now)
            except StoreError as error:
                log.warning("the end of a calendar feed is not recorded: %s", error)
            return now
        return feed.revoked_at

    def _written(self, feed: Feed, now: datetime) -> bytes:
        store = self._services.store
        sources = store.ledger.sources()

        def texts(tracked: Tracked) -> tuple[str, str]:
            cited = tracked.commitment.source
            source: Source | None = sources.get(cited.key) if cited else None
            return entry_of(tracked, source)

        entries = contents(store.database, feed.filter, now - ENDED_STAYS)
        return FeedWriter(name=feed.name, texts=texts, alarms=feed.alarms).write(entries, now)

    def _note_use(self, feed: Feed, now: datetime) -> None:
        try:
            self._services.store.feeds.note_use(feed, now)
        except StoreError as error:  # a database that cannot be written to can still be read
            log.warning("the use of a calendar feed is not recorded: %s", error)
