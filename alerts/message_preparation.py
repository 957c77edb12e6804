"""The messages of claimed deliveries, rendered and stored before the first attempt."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from alerts.channels import Channel
from alerts.clock import Clock
from alerts.core.answer_links import AnswerLinks
from alerts.core.change_events import ChangeEvent
from alerts.core.deliveries import Delivery, DeliveryError
from alerts.core.messages import Message
from alerts.core.notifications import Notification, reminders_digest
from alerts.rendering.composing import compose, dates_told
from alerts.rendering.renderer import Renderer
from alerts.rendering.template_filters import known_zone, on_day
from alerts.signed_messages import lacks_key
from alerts.store import Store
from alerts.store.store_error import StoreError

log = logging.getLogger(__name__)


@dataclass(slots=True)
class PreparedMessages:
    """The messages of claims, and the claims without one.

    `stored` are as they were rendered before. `rendered` are new (fence, message, template error); `dates` are those
    that they tell. There was no time for what is `postponed`. What `failed` cannot be rendered (delivery, error,
    started, ended).
    """

    stored: dict[UUID, Message] = field(default_factory=dict)
    rendered: dict[UUID, tuple[int, Message, str | None]] = field(default_factory=dict)
    dates: dict[UUID, Mapping[str, str]] = field(default_factory=dict)
    postponed: list[Delivery] = field(default_factory=list)
    failed: list[tuple[Delivery, DeliveryError, datetime, datetime]] = field(default_factory=list)

    @property
    def messages(self) -> dict[UUID, Message]:
        """Return the messages that can be sent."""
        return self.stored | {delivery_id: message for delivery_id, (_, message, _) in self.rendered.items()}

    @property
    def has_template_error(self) -> bool:
        """Whether a template failed, so that a message goes out in a simpler form."""
        return any(error for _, _, error in self.rendered.values())


@dataclass(frozen=True, slots=True)
class MessagePreparation:
    """Renders what one channel sends. `zone` is the zone of readers, unless they or the channel state another.

    `links` makes the links by which readers answer. `keys` are those that can sign links.
    """

    store: Store
    channel: Channel
    renderer: Renderer
    zone: str
    clock: Clock
    links: AnswerLinks | None = None
    keys: tuple[bytes, ...] = field(default=(), repr=False)

    def prepare(self, claims: Sequence[Delivery], is_time_up: Callable[[], bool]) -> PreparedMessages:
        """Return the messages of claims. What is not rendered yet, or is no longer true, is rendered and stored.

        Once `is_time_up` returns True nothing is begun, but one message is always rendered: so it goes on,
        however long one takes. A message that cannot be rendered holds up no other.
        """
        now = self.clock()  # the same for all: a summary for several recipients is gathered once
        prepared = PreparedMessages()
        for delivery in claims:
            if delivery.message and self._is_true(delivery, now):
                prepared.stored[delivery.id] = delivery.message
            elif prepared.rendered and is_time_up():
                prepared.postponed.append(delivery)
            else:
                self._add_rendered(prepared, delivery, now)
        entries = {delivery.id: reminders_digest(delivery.contexts) for delivery in claims}
        self.store.outbox.keep(prepared.rendered, entries, prepared.dates)
        return prepared

    def _add_rendered(self, prepared: PreparedMessages, delivery: Delivery, now: datetime) -> None:
        started = self.clock()
        try:
            if delivery.event:
                prepared.rendered[delivery.id] = (
                    delivery.fence,
                    _event_message(delivery.id, delivery.event, now),
                    None,
                )
                return
            notification = self._notification(delivery, now)
            prepared.rendered[delivery.id] = (delivery.fence, *self._render(notification))
            prepared.dates[delivery.id] = dates_told(notification)
        except StoreError:
            raise
        except Exception as error:
            log.exception("channel %s: %s cannot be rendered", delivery.channel, str(delivery.id)[:8])
            if delivery.message:  # better what was true then than nothing
                prepared.stored[delivery.id] = delivery.message
            else:
                failure = DeliveryError(f"cannot be rendered: {type(error).__name__}")
                prepared.failed.append((delivery, failure, started, self.clock()))

    def _is_true(self, delivery: Delivery, now: datetime) -> bool:
        """Whether the stored message was rendered on the reader's present day, of the entries that still hold.

        Where the key of its links is gone, it is rendered anew, with links that work.
        """
        assert delivery.message is not None
        if delivery.event:  # what has happened stays true
            return True
        zone = known_zone(self._zone(delivery))
        same_day = on_day(delivery.message.rendered_at, zone) == on_day(now, zone)
        same_entries = delivery.entries in (None, reminders_digest(delivery.contexts))
        return same_day and same_entries and not lacks_key(delivery.message, delivery.id, self.keys)

    def _zone(self, delivery: Delivery) -> str:
        return delivery.zone or self.channel.timezone or self.zone

    def _notification(self, delivery: Delivery, now: datetime) -> Notification:
        summary, contexts = None, delivery.contexts
        if delivery.summary:
            summary, contexts = self.store.summaries.gather(delivery.summary, now)
        return Notification(
            id=delivery.id,
            channel=delivery.channel,
            recipient=delivery.recipient,
            zone=self._zone(delivery),
            contexts=contexts,
            now=now,
            fallback_for=delivery.fallback_for,
            on_behalf_of=delivery.on_behalf_of,
            notice=delivery.notice,
            summary=summary,
            links=self.links,
            reply_to=getattr(self.channel, "reply_to", None),
        )

    def _render(self, notification: Notification) -> tuple[Message, str | None]:
        message, error = compose(self.renderer, self.channel, notification)
        if error:
            log.error("channel %s: %s", notification.channel, error)
        return message, error


def _event_message(one: UUID, event: ChangeEvent, now: datetime) -> Message:
    """Return the message of a change: the same bytes whenever it is made, but for `rendered_at`, which is not sent."""
    subject = f"{event.key}: {event.name}"
    return Message(subject=subject, text=subject, body=event.to_json(one), rendered_at=now, thread=event.key)
