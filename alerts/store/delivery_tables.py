"""The tables of the outbox: deliveries, what they carry, attempts."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    false,
    or_,
    text,
)

from alerts.store.stored_message import COMPRESSED, WHOLE, StoredMessage
from alerts.store.table_types import JSON, Id, Utc, metadata, partial_index

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Id, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("next_at", Utc),
    # Reminder → when the next alert of its watch goes out, as planned; compressed where they are many.
    Column("next_alert_at", StoredMessage, nullable=False),
    Column("deadline", Utc),  # tries go on at least until it has passed
    Column("lease_until", Utc),
    Column("fence", Integer, nullable=False),
    Column("payload", StoredMessage),
    Column("payload_hash", String(64)),
    Column("subject", Text),  # of the payload: kept when its text is no longer
    Column("dates_told", StoredMessage),  # of the payload: what it is about → its dates, compressed where they are many
    Column("entries", String(64)),  # a digest of the reminders that held when the payload was rendered
    Column("remote", Text),
    Column("last_error", Text),
    Column("ended_at", Utc),
    Column("template_error", Text),  # why it went out in a simpler form
    Column("fallback_for", JSON),  # the failed delivery that it replaces, as the reader sees it
    Column("notice", JSON),  # a notice to operators, where it carries no reminders
    Column("summary", JSON),  # the scope of a summary, where it carries no reminders
    Column("failure_level", Integer, nullable=False, server_default="0"),  # a `FailureLevel`
    Column("reported_level", Integer, nullable=False, server_default="0"),  # the level that has been reported
    Column("retried_at", Utc),  # when a person last sent it again: its schedule counts from there
    Column("tried_before", Integer, nullable=False, server_default="0"),  # attempts that were made before that
    Column("unseen", Boolean, nullable=False, server_default=false()),  # it was sent, and planning has not noticed
    Column("on_behalf_of", JSON),  # the absent people for whom a deputy, or an operator, gets it
    Column("held_until", Utc),  # while somebody has snoozed what it carries; times are counted from then
    Column("message_form", Integer, nullable=False, server_default="0"),  # of the payload, once it was sent
    Column("event", JSON),  # of a change: its name and the commitment's key, where it carries no reminders
    Column("event_revision", Integer),  # which one: those of one instant go in this order
)
OPEN = text("state IN ('pending', 'retry', 'leased')")
DEAD = text("state = 'dead'")
BOUNCED = text("state = 'bounced'")
UNSEEN = text("unseen")
REPORTS_NO_FAILURE = or_(deliveries.c.notice.is_not(None), deliveries.c.event_revision.is_not(None))
UNREPORTED = text("failure_level > reported_level")
TO_COMPRESS = text(f"state = 'sent' AND message_form = {WHOLE}")
TO_SHORTEN = text(f"state = 'sent' AND message_form = {COMPRESSED}")
subscriptions = Table(  # of channels to changes of commitments
    "subscriptions",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("events", JSON, nullable=False),  # names
)
missing_recipients = Table(  # recipients of open deliveries that no live process serves
    "missing_recipients",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("recipient", Text, primary_key=True),
    Column("since", Utc, nullable=False),  # when a live process first noticed
)
delivery_reminders = Table(  # a recipient gets the same alert once, for ever; joined in `carried_reminders`
    "delivery_reminders",
    metadata,
    Column("alert", LargeBinary(16), primary_key=True),  # with its recipient, as `alert_digest` makes it
    Column("delivery_id", ForeignKey("deliveries.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("reminder_id", ForeignKey("reminders.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("hours_begin", Utc),  # of the recipient; it goes out before, since its deadline passes before then
)
gathered = Table(  # reminders that wait until nothing is due any more, to be put into deliveries together
    "gathered",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("recipient", Text, primary_key=True),
    Column("reminder_id", ForeignKey("reminders.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("digest", Boolean),  # as its rule sets it
    Column("next_alert_at", Utc),
    Column("deadline", Utc),
    Column("planned_at", Utc, nullable=False),
    Column("held_until", Utc),  # while a silence or office hours hold it back
)
attempts = Table(
    "attempts",
    metadata,
    Column("delivery_id", ForeignKey("deliveries.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("started_at", Utc, nullable=False),
    Column("ended_at", Utc, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("remote", Text),
    Column("error", Text),
    Column("server", Text),  # the host that has accepted it
)

# What pages list: the latest, by state. A key that began with the state would tempt SQLite away from the indexes below.
Index("ix_deliveries_created_at", deliveries.c.created_at, deliveries.c.state)

partial_index("ix_deliveries_open", deliveries.c.channel, deliveries.c.next_at, deliveries.c.event_revision, where=OPEN)

partial_index("ix_deliveries_unseen", deliveries.c.id, where=UNSEEN)

partial_index("ix_deliveries_dead", deliveries.c.created_at, where=DEAD)

partial_index("ix_deliveries_bounced", deliveries.c.ended_at, where=BOUNCED)

partial_index("ix_deliveries_to_compress", deliveries.c.ended_at, where=TO_COMPRESS)

partial_index("ix_deliveries_to_shorten", deliveries.c.ended_at, where=TO_SHORTEN)

partial_index("ix_deliveries_unreported", deliveries.c.created_at, where=UNREPORTED)
