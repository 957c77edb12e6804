"""One turn: write down what has fallen due, then hand it over."""

from __future__ import annotations

import logging
import random
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from alerts.channels import Channel
from alerts.clock import monotonic
from alerts.core.commitments import Tracked
from alerts.core.deliveries import DeliveryError, Outcome, after_failure
from alerts.core.notifications import Message, Notification, Outgoing, Word, address
from alerts.core.rules import Rule
from alerts.core.watches import Look, Watch, look
from alerts.cron import Cron
from alerts.rendering import Renderer
from alerts.store import Claim, Store, StoreError

log = logging.getLogger(__name__)

CLAIMED_AT_ONCE = 8  # per connection of a channel
MARK_AGAIN = 1.0  # seconds
LOOK_AGAIN = timedelta(hours=1)  # after a look that failed

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Ruled:
    """A rule and the firings of its cron."""

    rule: Rule
    cron: Cron

    @classmethod
    def all(cls, rules: Iterable[Rule]) -> dict[str, Ruled]:
        """The rules by name."""
        return {rule.name: cls(rule, Cron(rule.cron, rule.timezone)) for rule in rules}


def plan(
    store: Store,
    rules: Mapping[str, Ruled],
    channels: Mapping[str, Channel],
    now: datetime,
    *,
    on_batch: Callable[[], None] = lambda: None,
    stop: Callable[[], bool] = lambda: False,
) -> int:
    """Write down, batch by batch, everything that has fallen due; returns how many deliveries are new.

    Rules of which another process has registered another meaning are left to it. `on_batch` is called after each batch,
    when its deliveries are there to be sent; where `stop` says so, the rest is left for the next time.
    """
    for _ in store.watches.settle():
        on_batch()
        if stop():
            return 0
    recipients = {name: channel.recipients for name, channel in channels.items()}
    count = 0
    mine = {name: ruled.rule for name, ruled in current(store, rules).items()}
    for batch in store.watches.due(mine, until=now, on_commit=on_batch):
        if stop():
            return count
        looked = [_look(rules[watch.rule], tracked, watch, now) for watch, tracked in batch.watches]
        words = [
            Word(
                reminder=reminder,
                notify=rules[watch.rule].rule.notify,
                digest=rules[watch.rule].rule.digest,
                critical=tracked.commitment.priority == "critical",
            )
            for (watch, tracked), seen in zip(batch.watches, looked, strict=True)
            for reminder in seen.said
        ]
        count += batch.record(looked, address(words, recipients), now)
    return count


def current(store: Store, rules: Mapping[str, Ruled]) -> dict[str, Ruled]:
    """The rules that mean what was last registered under their names."""
    registered = store.watches.registered()
    return {name: ruled for name, ruled in rules.items() if registered.get(name) == ruled.rule.hash}


def _look(ruled: Ruled, tracked: Tracked, watch: Watch, now: datetime) -> Look:
    """One look; should it fail, the others are not held up, and it is tried again."""
    try:
        return look(ruled.rule, tracked, watch, now, ruled.cron)
    except Exception:
        log.exception("rule %s cannot look at %s; again in an hour", watch.rule, tracked.commitment.key)
        return Look(replace(watch, next_at=now + LOOK_AGAIN))


@dataclass(slots=True)
class Lane:
    """What one channel has to send, a few at a time, so that no channel holds up another."""

    store: Store
    channel: Channel
    renderer: Renderer
    zone: str
    clock: Clock
    stop: threading.Event = field(default_factory=threading.Event)
    seen_at: datetime | None = None  # when it last looked after its deliveries

    def drain(self) -> Counter[str]:
        """Hand over what is due, and return how many deliveries ended how.

        A place is filled again only when the mark of what was sent from it is committed; marks share a commit. So a
        kill can repeat no more than what was in flight.
        """
        done: Counter[str] = Counter()
        waiting: deque[_Leased] = deque()
        running: dict[Future[Outcome], _Leased] = {}
        with ThreadPoolExecutor(self.channel.connections, thread_name_prefix=self.channel.name) as pool:
            while True:
                self.seen_at = self.clock()
                if not waiting and not self.stop.is_set():
                    waiting.extend(self._claim())
                if self.stop.is_set() and waiting:
                    self._give_back(waiting)
                    waiting.clear()
                while waiting and len(running) < self.channel.connections:
                    item = waiting.popleft()
                    if monotonic() > item.start_by:
                        self._give_back([item, *waiting])
                        waiting.clear()
                        break
                    item.started = self.clock()
                    running[pool.submit(self._send, item)] = item
                if not running:
                    return done
                ended, _ = wait(running, return_when=FIRST_COMPLETED)
                marks = [(item.claim, future.result(), item.started, self.clock()) for future, item in
                         ((future, running.pop(future)) for future in ended)]  # fmt: skip
                self._mark(marks)
                done.update(outcome.state for _, outcome, _, _ in marks)

    def _claim(self) -> list[_Leased]:
        timeout = self.channel.timeout
        start_by = monotonic() + timeout.total_seconds()
        limit = CLAIMED_AT_ONCE * self.channel.connections
        claims = self.store.outbox.claim(self.channel.name, self.clock(), limit, 2 * timeout)
        fresh = {claim.id: (claim.fence, self._render(claim)) for claim in claims if claim.message is None}
        self.store.outbox.keep(fresh)
        return [_Leased(claim, claim.message or fresh[claim.id][1], start_by, self.clock()) for claim in claims]

    def _render(self, claim: Claim) -> Message:
        notification = Notification(
            id=claim.id,
            channel=claim.channel,
            recipient=claim.recipient,
            zone=self.channel.timezone or self.zone,
            told=claim.told,
            now=self.clock(),
        )
        message, error = self.renderer.render(notification, self.channel.form)
        if error:
            log.error("channel %s: %s; the built-in plain message goes out instead", claim.channel, error)
        return message

    def _send(self, item: _Leased) -> Outcome:
        claim = item.claim
        outgoing = Outgoing(id=claim.id, recipient=claim.recipient, message=item.message, attempt=claim.attempt)
        try:
            return Outcome(state="sent", remote=self.channel.send(outgoing))
        except DeliveryError as failure:
            error = failure
        except Exception as failure:  # a fault in one channel must not stop the others, nor lose the word
            log.exception("channel %s failed in a way that it should not", claim.channel)
            error = DeliveryError(f"unexpected {type(failure).__name__} in the channel")
        outcome = after_failure(
            error,
            attempt=claim.attempt,
            now=self.clock(),
            first_due=claim.first_due,
            deadline=claim.deadline,
            random=random.random,
        )
        level = logging.ERROR if outcome.state == "dead" else logging.WARNING
        log.log(level, "%s via %s: %s (%s)", str(claim.id)[:8], claim.channel, outcome.error, outcome.state)
        return outcome

    def _mark(self, marks: Sequence[tuple[Claim, Outcome, datetime, datetime]]) -> None:
        """Write down how attempts ended, again while the leases last: what is sent and not marked is sent twice."""
        give_up = monotonic() + self.channel.timeout.total_seconds()
        while True:
            try:
                return self.store.outbox.mark(marks)
            except StoreError as error:
                if monotonic() > give_up:
                    raise
                log.warning("cannot write down what was sent via %s: %s; again", self.channel.name, error)
                threading.Event().wait(MARK_AGAIN)  # not `self.stop`, which may be set already

    def _give_back(self, items: Iterable[_Leased]) -> None:
        self.store.outbox.give_back([item.claim for item in items], self.clock())


@dataclass(slots=True)
class _Leased:
    claim: Claim
    message: Message
    start_by: float  # on the monotonic clock: begun later, it might outlast its lease
    started: datetime


def deliver(lanes: Sequence[Lane]) -> Counter[str]:
    """Hand over what is due on all channels at once; returns how many deliveries ended how."""
    total: Counter[str] = Counter()
    if lanes:
        with ThreadPoolExecutor(len(lanes), thread_name_prefix="lane") as pool:
            for done in pool.map(Lane.drain, lanes):
                total += done
    return total
