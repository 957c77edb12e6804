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

from alerts.channel_health import ChannelHealth
from alerts.channels import Channel
from alerts.claim_size import ClaimSize
from alerts.clock import Clock, monotonic
from alerts.core.bounce_tokens import SentMail, bounce_token
from alerts.core.deliveries import Delivery, DeliveryError, EndedAttempt, Outcome, after_failure
from alerts.core.envelopes import Routes
from alerts.core.messages import Message, Outgoing
from alerts.core.sending_rates import Pace
from alerts.delivery_log import log_failed, log_sent
from alerts.link_signing import NO_LINKS, LinkSigning
from alerts.message_preparation import MessagePreparation
from alerts.outcome_recording import OutcomeRecording
from alerts.rendering.renderer import Renderer
from alerts.signed_messages import signed, without_tokens
from alerts.store import Store
from alerts.store.outbox.deputies import NO_OPERATORS
from alerts.store.outbox.held_back import ANY_TIME, ChannelHours
from alerts.store.outbox.reach import ServedRecipients

log = logging.getLogger(__name__)

CLAIMS_PER_CONNECTION = 16  # at first
RENDERED = timedelta(seconds=5)  # what is claimed together is rendered within this time, on a slow machine too
POLL_SECONDS = 1.0  # seconds: how often a worker that waits for its sends checks whether to stop
GATHER_SECONDS = 0.005  # less than a commit takes: sends that began together share one, and end almost together
OVERDUE = 10.0  # seconds past its time limit after which a send is stuck, which should never happen


@dataclass(slots=True)
class ChannelWorker:
    """Sends the deliveries of one channel. `on_failure` is called when a failure is to be handled.

    Nothing is claimed while `may_send` returns False. `redact` removes secrets from the answers and errors that are
    stored. `signing` makes the links by which readers answer: messages are stored without them. The `operators` get
    what goes to people who have left without a deputy. `hours` are the office hours of its recipients. `steady` returns
    seconds on a clock that never steps.
    """

    store: Store
    channel: Channel
    renderer: Renderer
    zone: str
    clock: Clock
    on_failure: Callable[[], None] = lambda: None
    may_send: Callable[[], bool] = lambda: True
    redact: Callable[[str], str] = str
    signing: LinkSigning = NO_LINKS
    operators: Routes = NO_OPERATORS
    hours: ChannelHours = ANY_TIME
    steady: Callable[[], float] = monotonic
    stop: threading.Event = field(default_factory=threading.Event)
    retired: threading.Event = field(default_factory=threading.Event)  # another has taken its place
    health: ChannelHealth = field(init=False)
    outlasts_damage: bool = True  # else what was sent is not recorded where the database is damaged
    _size: ClaimSize = field(default_factory=ClaimSize, init=False)
    _recording: OutcomeRecording = field(init=False)

    def __post_init__(self) -> None:
        self.health = ChannelHealth(self.channel.name, pace=Pace(self.channel.rate, self.channel.burst))
        self._recording = OutcomeRecording(
            self.store, self.channel, self.stop, self.steady, outlasts_damage=self.outlasts_damage
        )

    def drain(self) -> Counter[str]:
        """Send what is due and may go by the rate of the channel; return how many deliveries ended in each state.

        What has to wait for the rate is not claimed: it has no lease that could end, and keeps its order. A place is
        filled again only when the outcome of its last send is committed; outcomes share a commit. So a kill repeats no
        more than what was in flight.
        """
        done, waiting = Counter[str](), deque[_Leased]()
        running: dict[Future[Outcome | None], _Leased] = {}
        with ThreadPoolExecutor(self.channel.connections, thread_name_prefix=self.channel.name) as pool:
            try:
                while True:
                    allowed = self._allowed()
                    room = int(min(allowed - len(running), self.health.pace.room(self.steady())))
                    if room > 0 and not waiting:
                        waiting.extend(self._claim(allowed, running.values()))
                    if not any(self.steady() > item.ends_by + OVERDUE for item in running.values()):
                        self.health.seen_at = self.clock()  # not where every claim fails
                    if waiting and not (allowed and self.health.pace.room(self.steady())):
                        self._return_claims(item.delivery for item in waiting)
                        waiting.clear()
                    for _ in range(min(room, len(waiting))):
                        item = waiting.popleft()
                        self.health.pace.take()
                        running[pool.submit(self._send, item)] = item
                    if not running:
                        return done
                    done.update(self._collect(running))
            except Exception:  # the outcome of what is in flight is still recorded, so that it is not sent again
                while running:
                    with suppress(Exception):  # the first is raised
                        self._collect(running)
                with suppress(Exception):
                    self._return_claims(item.delivery for item in waiting)
                raise

    def take_over(self, other: ChannelWorker) -> None:
        """Take over how another worker of the same channel renders; breaker and connections stay."""
        self.renderer, self.zone, self.redact, self.signing = other.renderer, other.zone, other.redact, other.signing
        self.operators, self.hours = other.operators, other.hours

    def pause(self) -> timedelta | None:
        """Return how long there is nothing to do, by the rate of the channel, too; None if nothing waits."""
        pause = self.due_in()
        return None if pause is None else max(pause, timedelta(seconds=self.health.pace.wait(self.steady())))

    def due_in(self) -> timedelta | None:
        """Return how long nothing is due, or may be tried; None if nothing waits."""
        pause = self.store.outbox.pause(self.channel.name, self.clock(), self._served)
        probe = self.health.breaker.probe_at
        return max(pause, probe - self.clock()) if pause is not None and probe else pause

    def is_well(self, now: datetime) -> bool:
        """Whether it is at work, and its deliveries get through."""
        return self.health.is_well(now)

    def process_status(self, now: datetime) -> dict[str, object]:
        """Return what other processes may know: its health, and the recipients that it serves."""
        return self.health.to_json(now) | self._served.to_json()

    @property
    def _served(self) -> ServedRecipients:
        return ServedRecipients(recipients=self.channel.recipients, owners=self.channel.default)

    def _allowed(self) -> int:
        """Return how many sends may be under way: none at the end of the process, or while the breaker is open."""
        if self.stop.is_set() or self.retired.is_set() or not self.may_send():
            return 0
        return self.health.breaker.allows(self.clock(), 1 if self.health.pace.slowed else self.channel.connections)

    def _claim(self, allowed: int, running: Iterable[_Leased]) -> list[_Leased]:
        timeout, begun = self.channel.timeout, self.steady()
        limit = 1 if self.health.breaker.out_since else allowed * self._size.next(begun, CLAIMS_PER_CONNECTION)
        limit = int(min(limit, self.health.pace.room(begun)))
        mine = [item.delivery.id for item in running]  # their leases seem to have ended if the clock was put forward
        claims = self.store.outbox.claim(
            self.channel.name, self.clock(), limit, 2 * timeout + RENDERED, mine,
            served=self._served, operators=self.operators, hours=self.hours,
        )  # fmt: skip
        self._size.note(begun, filled=len(claims) == limit)
        try:
            messages = self._messages(claims, begun + RENDERED.total_seconds())
            tokens = self._bounce_tokens(claims)
        except Exception:
            with suppress(Exception):  # the first is raised
                self.store.outbox.return_claims(claims, self.clock())
            raise
        start_by = begun + (timeout + RENDERED).total_seconds()
        found = (one for one in claims if one.id in messages)
        return [_Leased(one, messages[one.id], start_by, tokens.get(one.id, "")) for one in found]

    def _messages(self, claims: Sequence[Delivery], until: float) -> dict[UUID, Message]:
        """Return the messages of claims. What cannot be rendered has failed, as if it could not be sent."""
        links, keys = self.signing.links(self.channel), self.signing.keys()
        preparation = MessagePreparation(self.store, self.channel, self.renderer, self.zone, self.clock, links, keys)
        prepared = preparation.prepare(claims, lambda: self.steady() > until)
        self._return_claims(prepared.postponed)
        failed = [(one, self._failed(one, error), begun, ended) for one, error, begun, ended in prepared.failed]
        if failed:
            self._recording.record(failed)
            self._learn(failed)
        if prepared.has_template_error:
            self.on_failure()
        return {delivery: signed(message, delivery, keys) for delivery, message in prepared.messages.items()}

    def _bounce_tokens(self, claims: Iterable[Delivery]) -> dict[UUID, str]:
        """Return what names each attempt in the envelope sender of its mail, for a channel that uses it."""
        if not getattr(self.channel, "signs_senders", False):
            return {}
        key = self.store.bounces.key()
        return {one.id: bounce_token(SentMail(one.id, one.attempt), key) for one in claims}

    def _send(self, item: _Leased) -> Outcome | None:
        """Make one attempt; return None if it is too late to begin, as another process may have taken it over."""
        delivery = item.delivery
        item.started = self.clock()
        if self.steady() > item.start_by:
            return None
        item.ends_by = self.steady() + self.channel.timeout.total_seconds()
        outgoing = Outgoing(
            id=delivery.id,
            recipient=delivery.recipient,
            message=item.message,
            attempt=delivery.attempt,
            bounce_token=item.bounce_token,
        )
        try:
            if self.health.breaker.off:
                raise DeliveryError(f"channel {delivery.channel} is off: {self.health.breaker.off}", permanent=True)
            remote = without_tokens(self.redact(self.channel.send(outgoing)), item.message)
            return Outcome(state="sent", remote=remote, server=getattr(self.channel, "server", None))
        except DeliveryError as failure:
            error = failure
        except Exception as failure:  # one channel must not stop the others, nor lose the alert
            log.exception("channel %s failed in a way that it should not", delivery.channel)
            error = DeliveryError(f"unexpected {type(failure).__name__} in the channel")
        return self._failed(delivery, error, item.message)

    def _failed(self, delivery: Delivery, error: DeliveryError, message: Message | None = None) -> Outcome:
        """Return what becomes of a delivery after an attempt that failed."""
        outcome = after_failure(
            error,
            attempt=delivery.tries,
            now=self.clock(),
            first_due=delivery.first_due,
            deadline=delivery.deadline,
            random=random.random,
        )
        text = self.redact(outcome.error or "")  # channels keep secrets out; should one fail
        outcome = replace(outcome, error=without_tokens(text, message) if message else text)
        log_failed(delivery, outcome)
        return outcome

    def _collect(self, running: dict[Future[Outcome | None], _Leased]) -> Counter[str]:
        """Wait for some of the sends to end, and record their outcomes."""
        soon = self.health.pace.wait(self.steady()) or POLL_SECONDS  # another may go then, though these still run
        ended, going = wait(running, timeout=min(soon, POLL_SECONDS), return_when=FIRST_COMPLETED)
        if ended and going:
            ended, _ = wait(running, timeout=GATHER_SECONDS)
        late, ended_attempts = list[_Leased](), list[EndedAttempt]()
        for future in ended:
            item, outcome = running.pop(future), future.result()
            if outcome is None:
                late.append(item)
            else:
                ended_attempts.append((item.delivery, outcome, item.started or self.clock(), self.clock()))
        if ended_attempts:
            self._recording.record(ended_attempts)  # first: without it they are sent again
            log_sent(ended_attempts)
        if late:
            self._return_claims(item.delivery for item in late)
        if ended_attempts:
            self._learn(ended_attempts)
        return Counter(outcome.state for _, outcome, _, _ in ended_attempts)

    def _learn(self, ended_attempts: Sequence[EndedAttempt]) -> None:
        """Update the breaker. What waits behind an open one goes to the fallback in time."""
        error = self.health.learn(ended_attempts, self.steady())
        name, now = self.channel.name, self.clock()
        waited_out = error is not None and self.store.outbox.note_outage(name, error, now, self.hours)
        if waited_out or any(outcome.state == "dead" or outcome.late for _, outcome, _, _ in ended_attempts):
            self.on_failure()

    def _return_claims(self, claims: Iterable[Delivery]) -> None:
        self.store.outbox.return_claims(list(claims), self.clock())


@dataclass(slots=True)
class _Leased:
    delivery: Delivery
    message: Message
    start_by: float  # on the steady clock: begun later, it might outlast its lease
    bounce_token: str = ""
    started: datetime | None = None
    ends_by: float = float("inf")
