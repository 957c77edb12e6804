"""The messages of claimed deliveries, rendered and stored before the first attempt."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from alerts.channels import Channel
from alerts.clock import Clock, monotonic
from alerts.core.deliveries import DeliveryError
from alerts.core.messages import Message
from alerts.core.notifications import Notification, reminders_digest
from alerts.rendering.composing import compose
from alerts.rendering.renderer import Renderer
from alerts.rendering.template_filters import known_zone, on_day
from alerts.store import Store
from alerts.store.outbox.delivery_rows import Claim
from alerts.store.store_error import StoreError

log = logging.getLogger(__name__)


@dataclass(slots=True)
class PreparedMessages:
    """The messages of claims, and the claims without one.

    `stored` are as they were rendered before. `rendered` are new (fence, message, template error). There was no time
    for what is `postponed`. What `failed` cannot be rendered (claim, error, started, ended).
    """

    stored: dict[UUID, Message] = field(default_factory=dict)
    rendered: dict[UUID, tuple[int, Message, str | None]] = field(default_factory=dict)
    postponed: list[Claim] = field(default_factory=list)
    failed: list[tuple[Claim, DeliveryError, datetime, datetime]] = field(default_factory=list)

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
    """Renders what one channel sends. `zone` is the zone of readers, unless they or the channel state another."""

    store: Store
    channel: Channel
    renderer: Renderer
    zone: str
    clock: Clock

    def prepare(self, claims: Sequence[Claim], until: float) -> PreparedMessages:
        """Return the messages of claims. What is not rendered yet, or is no longer true, is rendered and stored.

        After `until` (on the monotonic clock) nothing is begun, but one message is always rendered: so it goes on,
        however long one takes. A message that cannot be rendered holds up no other.
        """
        now = self.clock()  # the same for all: a summary for several recipients is gathered once
        prepared = PreparedMessages()
        for claim in claims:
            if claim.message and self._is_true(claim, now):
                prepared.stored[claim.id] = claim.message
            elif prepared.rendered and monotonic() > until:
                prepared.postponed.append(claim)
            else:
                self._add_rendered(prepared, claim, now)
        self.store.outbox.keep(prepared.rendered, {claim.id: reminders_digest(claim.contexts) for claim in claims})
        return prepared

    def _add_rendered(self, prepared: PreparedMessages, claim: Claim, now: datetime) -> None:
        started = self.clock()
        try:
            prepared.rendered[claim.id] = (claim.fence, *self._render(claim, now))
        except StoreError:
            raise
        except Exception as error:
            log.exception("channel %s: %s cannot be rendered", claim.channel, str(claim.id)[:8])
            if claim.message:  # better what was true then than nothing
                prepared.stored[claim.id] = claim.message
            else:
                failure = DeliveryError(f"cannot be rendered: {type(error).__name__}")
                prepared.failed.append((claim, failure, started, self.clock()))

    def _is_true(self, claim: Claim, now: datetime) -> bool:
        """Whether the stored message was rendered on the reader's present day, of the entries that still hold."""
        assert claim.message is not None
        zone = known_zone(self._zone(claim))
        same_day = on_day(claim.message.rendered_at, zone) == on_day(now, zone)
        return same_day and claim.entries in (None, reminders_digest(claim.contexts))

    def _zone(self, claim: Claim) -> str:
        return claim.zone or self.channel.timezone or self.zone

    def _render(self, claim: Claim, now: datetime) -> tuple[Message, str | None]:
        summary, contexts = None, claim.contexts
        if claim.summary:
            summary, contexts = self.store.summaries.gather(claim.summary, now)
        notification = Notification(
            id=claim.id,
            channel=claim.channel,
            recipient=claim.recipient,
            zone=self._zone(claim),
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
