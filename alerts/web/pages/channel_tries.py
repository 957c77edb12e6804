"""Test messages that admins send from the page of channels: in a thread of their own, one at a time."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerts.channel_tests import SentTest

log = logging.getLogger(__name__)
PAUSE = timedelta(minutes=1)  # between two tests of a channel: each is a message to all its recipients
AT_ONCE = 1.0  # seconds that the page waits for the answer: a hung server must not hold up other pages


@dataclass(frozen=True, slots=True)
class ChannelTry:
    """The last test of a channel. `is_over`: all recipients have been tried."""

    at: datetime
    results: tuple[SentTest, ...] = ()
    is_over: bool = False


class ChannelTries:
    """Sends tests, and knows the last of each channel since this process began. Threads may share it."""

    def __init__(self) -> None:
        self._lock, self._sending = threading.Lock(), threading.Lock()
        self._last: dict[str, ChannelTry] = {}

    def last(self) -> Mapping[str, ChannelTry]:
        """Return the last test of each channel, by name."""
        with self._lock:
            return dict(self._last)

    def start(self, name: str, now: datetime, send: Callable[[], Iterable[SentTest]]) -> str | None:
        """Begin a test. Return why it may not begin, in a sentence."""
        with self._lock:
            before = self._last.get(name)
            if before is not None and now - before.at < PAUSE:
                return "This channel was tested within the last minute. Wait a little, then press again."
            if not self._sending.acquire(blocking=False):
                return "Another test is being sent. Wait until it is over."
            self._last[name] = ChannelTry(now)
        thread = threading.Thread(target=self._send, args=(name, send), name="channel-test", daemon=True)
        thread.start()
        thread.join(AT_ONCE)
        return None

    def _send(self, name: str, send: Callable[[], Iterable[SentTest]]) -> None:
        try:
            for one in send():
                self._note(name, one)
        except Exception:  # a plugin may raise anything
            log.exception("the test of channel %s has failed", name)
            self._note(name, SentTest(is_sent=False, text="It has failed: the log of the daemon says why."))
        finally:
            with self._lock:
                self._last[name] = replace(self._last[name], is_over=True)
            self._sending.release()

    def _note(self, name: str, one: SentTest) -> None:
        with self._lock:
            known = self._last[name]
            self._last[name] = replace(known, results=(*known.results, one))
