"""Channel workers: each channel sends its deliveries by itself, a few at a time, so none delays another."""

from __future__ import annotations

import logging
import random
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from alerts.channels import Channel
from alerts.clock import Clock, monotonic
from alerts.core.breakers import Breaker
from alerts.core.deliveries import DeliveryError, Outcome, after_failure
from alerts.core.messages import Message, Outgoing
from alerts.core.notifications import Notification, reminders_digest
from alerts.rendering.composing import compose
from alerts.rendering.renderer import Renderer
from alerts.rendering.template_filters import known_zone, on_day
from alerts.store import Store
from alerts.store.outbox.delivery_rows import Claim
from alerts.store.outbox.reach import ServedRecipients
from alerts.store.store_error import StoreError

log = logging.getLogger(__name__)

CLAIMS_PER_CONNECTION = 16  # per connection of a channel
RENDERED = timedelta(seconds=5)  # what is claimed at once is rendered and begun within so long, on a slow machine too
RETRY_RECORDING_AFTER = 1.0  # seconds
LOG_EVERY = 60  # one in so many failures to mark is logged
POLL_SECONDS = 1.0  # seconds: how often a worker that waits for its sends checks whether to stop
SEEN_WITHIN = timedelta(minutes=5)  # a worker that has not claimed for this time is unhealthy
OUT_FOR = timedelta(minutes=10)  # nor is one whose channel takes nothing for so long
OVERDUE = 10.0  # seconds past its total deadline after which a send is stuck, which none should ever be


EndedAttempt = tuple[Claim, Outcome, datetime, datetime]


def nothing() -> None:
    """Do nothing."""


def always() -> bool:
    """Say yes."""
    return True


@dataclass(slots=True)
class ChannelWorker:
    """Sends the deliveries of one channel. `on_failure` is called when a failure is to be handled.

    Nothing is claimed while `may_send` returns False. `redact` removes secrets from the answers and errors that are
    stored.
    """

    store: Store
    channel: Channel
    renderer: Renderer
    zone: str
    clock: Clock
    on_failure: Callable[[], None] = nothing
    may_send: Callable[[], bool] = always
    redact: Callable[[str], str] = str
    breaker: Breaker = field(default_factory=Breaker)
    stop: threading.Event = field(default_factory=threading.Event)
    retired: threading.Event = field(default_factory=threading.Event)  # another has taken its place
    seen_at: datetime | None = None  # when it last looked after its deliveries

    def drain(self) -> Counter[str]:
        """Hand over what is due, and return how many deliveries ended how.

        A place is filled again only when the mark of what was sent from it is committed; marks share a commit. So a
        kill can repeat no more than what was in flight.
        """
        done: Counter[str] = Counter()
        waiting: deque[_Leased] = deque()
        running: dict[Future[Outcome | None], _Leased] = {}
        with ThreadPoolExecutor(self.channel.connections, thread_name_prefix=self.channel.name) as pool:
            try:
                while True:
                    allowed = self._allowed()
                    room = allowed - len(running)
                    if room > 0 and not waiting:
                        waiting.extend(self._claim(allowed, running.values()))
                    if not any(monotonic() > item.ends_by + OVERDUE for item in running.values()):
                        self.seen_at = self.clock()  # not where every claim fails
                    if not allowed and waiting:
                        self._return_claims(item.claim for item in waiting)
                        waiting.clear()
                    for _ in range(min(room, len(waiting))):
                        item = waiting.popleft()
                        running[pool.submit(self._send, item)] = item
                    if not running:
                        return done
                    done.update(self._collect(running))
            except Exception:  # what is in flight is marked all the same, and not sent again for want of it
                while running:
                    with suppress(Exception):  # the first is raised
                        self._collect(running)
                with suppress(Exception):
                    self._return_claims(item.claim for item in waiting)
                raise

    def take_over(self, other: ChannelWorker) -> None:
        """Take over how another worker of the same channel renders; breaker and connections stay."""
        self.renderer, self.zone, self.redact = other.renderer, other.zone, other.redact

    def pause(self) -> timedelta | None:
        """How long there is nothing to do; None where nothing waits."""
        pause, probe = self.store.outbox.pause(self.channel.name, self.clock(), self._served), self.breaker.probe_at
        return max(pause, probe - self.clock()) if pause is not None and probe else pause

    def is_well(self, now: datetime) -> bool:
        """Whether it looks after its deliveries, and gets them through."""
        breaker = self.breaker
        out = breaker.out_since is not None and now - breaker.out_since >= OUT_FOR
        return now - (self.seen_at or now) <= SEEN_WITHIN and not out and not breaker.off

    def process_status(self, now: datetime) -> dict[str, object]:
        """What others may know: when it was last at work, why its channel takes nothing, if so, and whom it reaches."""
        out = self.breaker.off or self.breaker.reason
        return {"seen_at": (self.seen_at or now).isoformat(), "out": out} | self._served.to_json()

    @property
    def _served(self) -> ServedRecipients:
        return ServedRecipients(recipients=self.channel.recipients, owners=self.channel.default)

    def _allowed(self) -> int:
        """How many sends may be under way: none at the end of the process, or while the breaker is open."""
        return (
            0
            if self.stop.is_set() or self.retired.is_set() or not self.may_send()
            else self.breaker.allows(self.clock(), self.channel.connections)
        )

    def _claim(self, allowed: int, running: Iterable[_Leased]) -> list[_Leased]:
        timeout = self.channel.timeout
        begun = monotonic()
        limit = 1 if self.breaker.out_since else CLAIMS_PER_CONNECTION * allowed
        mine = [item.claim.id for item in running]  # whose lease may seem to have ended where the clock was put on
        lease = 2 * timeout + RENDERED
        claims = self.store.outbox.claim(self.channel.name, self.clock(), limit, lease, mine, served=self._served)
        try:
            messages = self._messages(claims, begun + RENDERED.total_seconds())
        except Exception:
            with suppress(Exception):  # the first is raised
                self.store.outbox.return_claims(claims, self.clock())
            raise
        start_by = begun + (timeout + RENDERED).total_seconds()
        return [_Leased(claim, messages[claim.id], start_by) for claim in claims if claim.id in messages]

    def _messages(self, claims: Sequence[Claim], until: float) -> dict[UUID, Message]:
        """The messages of claims, rendered and stored if they were not yet, or are no longer true.

        What cannot be rendered has failed as if it could not be sent, and holds up no other. What there is no time for
        `until` then is given back, one apart: so it goes on, however long one takes.
        """
        now = self.clock()  # the same for all: what is summed up for several is gathered once
        found = {claim.id: claim.message for claim in claims if claim.message and self._is_true(claim, now)}
        fresh: dict[UUID, tuple[int, Message, str | None]] = {}
        back: list[Claim] = []
        failed: list[EndedAttempt] = []
        for claim in claims:
            if claim.id in found:
                continue
            if fresh and monotonic() > until:
                back.append(claim)
                continue
            started = self.clock()
            try:
                fresh[claim.id] = (claim.fence, *self._render(claim, now))
            except StoreError:
                raise
            except Exception as error:
                log.exception("channel %s: %s cannot be rendered", claim.channel, str(claim.id)[:8])
                if claim.message:  # better what was true then than nothing
                    found[claim.id] = claim.message
                    continue
                what = DeliveryError(f"cannot be rendered: {type(error).__name__}")
                failed.append((claim, self._failed(claim, what), started, self.clock()))
        self.store.outbox.keep(fresh, {claim.id: reminders_digest(claim.contexts) for claim in claims})
        self._return_claims(back)
        if failed:
            self._record_outcomes(failed)
            self._learn(failed)
        if any(error for _, _, error in fresh.values()):
            self.on_failure()
        return found | {one: message for one, (_, message, _) in fresh.items()}

    def _is_true(self, claim: Claim, now: datetime) -> bool:
        """Whether the stored message was rendered on the reader's present day, of the entries that still hold."""
        assert claim.message is not None
        zone = self._zone(claim)
        same_day = on_day(claim.message.rendered_at, zone) == on_day(now, zone)
        return same_day and claim.entries in (None, reminders_digest(claim.contexts))

    def _zone(self, claim: Claim) -> str:
        return known_zone(claim.zone or self.channel.timezone or self.zone)

    def _render(self, claim: Claim, now: datetime) -> tuple[Message, str | None]:
        summary, contexts = None, claim.contexts
        if claim.summary:
            summary, contexts = self.store.summaries.gather(claim.summary, now)
        notification = Notification(
            id=claim.id,
            channel=claim.channel,
            recipient=claim.recipient,
            zone=claim.zone or self.channel.timezone or self.zone,
            contexts=contexts,
            now=now,
            fallback_for=claim.fallback_for,
            notice=claim.notice,
            summary=summary,
        )
        message, error = compose(self.renderer, self.channel, notification)
        if error:
            log.error("channel %s: %s", claim.channel, error)
        return message, error

    def _send(self, item: _Leased) -> Outcome | None:
        """Make one attempt; None where it would be too late to begin: another may have taken it over meanwhile."""
        claim = item.claim
        item.started = self.clock()
        if monotonic() > item.start_by:
            return None
        item.ends_by = monotonic() + self.channel.timeout.total_seconds()
        outgoing = Outgoing(id=claim.id, recipient=claim.recipient, message=item.message, attempt=claim.attempt)
        try:
            if self.breaker.off:
                raise DeliveryError(f"channel {claim.channel} is off: {self.breaker.off}", permanent=True)
            return Outcome(state="sent", remote=self.redact(self.channel.send(outgoing)))
        except DeliveryError as failure:
            error = failure
        except Exception as failure:  # one channel must not stop the others, nor lose the alert
            log.exception("channel %s failed in a way that it should not", claim.channel)
            error = DeliveryError(f"unexpected {type(failure).__name__} in the channel")
        return self._failed(claim, error)

    def _failed(self, claim: Claim, error: DeliveryError) -> Outcome:
        """What becomes of a delivery after an attempt that failed."""
        outcome = after_failure(
            error,
            attempt=claim.tries,
            now=self.clock(),
            first_due=claim.first_due,
            deadline=claim.deadline,
            random=random.random,
        )
        outcome = replace(outcome, error=self.redact(outcome.error or ""))  # channels keep secrets out; should one fail
        level = logging.ERROR if outcome.state == "dead" else logging.WARNING
        log.log(level, "%s via %s: %s (%s)", str(claim.id)[:8], claim.channel, outcome.error, outcome.state)
        return outcome

    def _collect(self, running: dict[Future[Outcome | None], _Leased]) -> Counter[str]:
        """Wait for some of the sends to end, and write down how they did."""
        ended, _ = wait(running, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED)
        late: list[_Leased] = []
        ended_attempts: list[EndedAttempt] = []
        for future in ended:
            item, outcome = running.pop(future), future.result()
            if outcome is None:
                late.append(item)
            else:
                ended_attempts.append((item.claim, outcome, item.started or self.clock(), self.clock()))
        if ended_attempts:
            self._record_outcomes(
                ended_attempts
            )  # first: what is given back is sent once all the same, what is not marked is not
        if late:
            self._return_claims(item.claim for item in late)
        if ended_attempts:
            self._learn(ended_attempts)
        return Counter(outcome.state for _, outcome, _, _ in ended_attempts)

    def _learn(self, ended_attempts: Iterable[EndedAttempt]) -> None:
        """Let the breaker know; what waits behind an open one is not forgotten over it."""
        before, error = self.breaker, None
        for _, outcome, started, ended in ended_attempts:
            self.breaker = self.breaker.after(outcome, started=started, ended=ended)
            error = outcome.error if outcome.channel == "out" else error
        if self.breaker.off and not before.off:
            log.error(
                "channel %s is off until its settings change or a restart: %s", self.channel.name, self.breaker.off
            )
        elif self.breaker.out_since and not before.out_since:
            log.warning("channel %s is out: %s; it is tried with one delivery at a time", self.channel.name, error)
        elif before.out_since and not (self.breaker.out_since or self.breaker.off):
            log.info("channel %s is back", self.channel.name)
        waited_out = error is not None and self.store.outbox.note_outage(self.channel.name, error, self.clock())
        if waited_out or any(outcome.state == "dead" or outcome.late for _, outcome, _, _ in ended_attempts):
            self.on_failure()

    def _record_outcomes(self, ended_attempts: Sequence[EndedAttempt]) -> None:
        """Write down how attempts ended, for as long as it takes: what is sent and not marked is sent twice."""
        give_up, turn = float("inf"), 0
        while True:
            try:
                return self.store.outbox.record_outcomes(ended_attempts)
            except StoreError as error:
                if self.stop.is_set():
                    give_up = min(give_up, monotonic() + self.channel.timeout.total_seconds())
                if monotonic() > give_up:
                    raise
                if turn % LOG_EVERY == 0:
                    log.warning("cannot write down what was sent via %s: %s; again", self.channel.name, error)
                turn += 1
                threading.Event().wait(RETRY_RECORDING_AFTER)  # not `self.stop`, which may be set already
            except Exception:
                log.exception("cannot write down what was sent via %s", self.channel.name)
                if len(ended_attempts) == 1:
                    claim, outcome, started, ended = ended_attempts[0]
                    text = f"the answer cannot be stored (attempt {claim.attempt})"
                    bare = replace(outcome, remote=None, error=text if outcome.error else None)
                    if bare == outcome:
                        raise
                    ended_attempts = [(claim, bare, started, ended)]
                    continue
                for one in ended_attempts:
                    self._record_outcomes([one])  # the others are not held up by it
                return None

    def _return_claims(self, claims: Iterable[Claim]) -> None:
        self.store.outbox.return_claims(list(claims), self.clock())


@dataclass(slots=True)
class _Leased:
    claim: Claim
    message: Message
    start_by: float  # on the monotonic clock: begun later, it might outlast its lease
    started: datetime | None = None
    ends_by: float = float("inf")


def deliver(workers: Sequence[ChannelWorker]) -> Counter[str]:
    """Send what is due on all channels at once; return how many deliveries ended in each state."""
    total: Counter[str] = Counter()
    if workers:
        with ThreadPoolExecutor(len(workers), thread_name_prefix="channel-worker") as pool:
            for done in pool.map(ChannelWorker.drain, workers):
                total += done
    return total
