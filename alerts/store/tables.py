"""The tables. Every column that holds a time holds UTC."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.types import TypeDecorator


class Utc(TypeDecorator[datetime]):
    """An aware UTC datetime; SQLite would give it back naive."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  # the base class names it
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no zone: only aware datetimes are stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  # the base class names it
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


JSON = sa.JSON(none_as_null=True)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _commitment(*, primary_key: bool = False, index: bool = False) -> Column[int]:
    of = ForeignKey("commitments.id", ondelete="CASCADE")
    return Column("commitment_id", of, nullable=False, primary_key=primary_key, index=index)


commitments = Table(
    "commitments",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("title", Text, nullable=False),
    Column("deadline", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("priority", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("by", JSON, nullable=False),
    Column("to", JSON, nullable=False),
    Column("owner", Text),
    Column("tags", JSON, nullable=False),
    Column("timezone", Text),
    Column("calendars", JSON, nullable=False, server_default="[]"),
    Column("roll", Text, nullable=False, server_default="none"),
    Column("review_every", Text),
    Column("source", JSON),
    Column("assumptions", JSON, nullable=False),
    Column("note", Text),
    Column("earlier_sources", JSON, nullable=False, server_default="[]"),  # behind the newest, which is `source`
    Column("bounds", JSON, nullable=False),
    Column("earliest", Utc),
    Column("latest", Utc),
    Column("fingerprint", Text, nullable=False),
    Column("bounds_version", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("recorded_at", Utc, nullable=False),
    Column("stated_at", Utc),  # when the present bounds were recorded, if not then
    Column("loaded", JSON),  # the row as a file last stated it
    Column("loaded_from", Text),  # which file that was
    Column("loaded_sequence", Integer),  # its revision there, where the file counts them
    Column("restated", JSON),  # what a file states anew while it is closed, until somebody decides
    Column("changed_at", Utc),  # set while the watches have not been told of a change
    Column("sequence", Integer, nullable=False, server_default="0"),  # of its entries in calendars: only rises
    CheckConstraint("status IN ('open', 'fulfilled', 'breached', 'withdrawn')", name="status"),
)
Index("ix_commitments_changed", commitments.c.changed_at, postgresql_where=commitments.c.changed_at.is_not(None),
      sqlite_where=commitments.c.changed_at.is_not(None))  # fmt: skip

Index("ix_commitments_owner", commitments.c.owner)

occurrences = Table(  # a row appears when something happens to an occurrence
    "occurrences",
    metadata,
    _commitment(primary_key=True),
    Column("occurrence", Text, primary_key=True),
    Column("acknowledged_by", Text),
    Column("acknowledged_at", Utc),
    Column("acknowledged_until", Utc),
    Column("status", Text),  # how it ended
    Column("deadline", Text),  # where it was moved by itself, as stated, and its bounds
    Column("bounds", JSON),
    Column("version", Integer),
    Column("stated_at", Utc),
    Column("reopened", Integer, nullable=False, server_default="0"),  # how often
    Column("acknowledged_stage", Text),
    Column("acknowledged_ended", Utc),  # by a move or a reopening
    Column("snoozed_by", Text),  # for everybody
    Column("snoozed_at", Utc),
    Column("snoozed_until", Utc),
)

snoozes = Table(  # each for one recipient; `occurrence` is empty for the whole
    "snoozes",
    metadata,
    _commitment(primary_key=True),
    Column("occurrence", Text, primary_key=True),
    Column("recipient", Text, primary_key=True),  # in small letters
    Column("by", Text, nullable=False),
    Column("at", Utc, nullable=False),
    Column("until", Utc, nullable=False),
)

calendar_uids = Table(  # of what was sent under another UID than it would be now
    "calendar_uids",
    metadata,
    _commitment(primary_key=True),
    Column("occurrence", Text, primary_key=True),
    Column("uid", Text, nullable=False),
)

references = Table(
    "references",
    metadata,
    _commitment(primary_key=True),
    Column("depends_on", ForeignKey("commitments.id", ondelete="CASCADE"), primary_key=True, index=True),
)

revisions = Table(  # append-only
    "revisions",
    metadata,
    _commitment(primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("what", Text, nullable=False),
    Column("recorded_at", Utc, nullable=False),
    Column("recorded_by", Text, nullable=False),
    Column("reason", Text),
    Column("source", Text),
    Column("cause", Text),
    Column("before", JSON),
    Column("after", JSON),
    Column("bounds_version", Integer, nullable=False),
    Column("detail", Text),
    Column("occurrence", Text),  # of what recurs, the one that it is about
    Column("stated", JSON),  # the commitment as stated from here on, where that changed
)

parties = Table(
    "parties",
    metadata,
    Column("key", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("timezone", Text),
    Column("calendar", Text),
)

sources = Table(
    "sources",
    metadata,
    Column("key", Text, primary_key=True),
    Column("title", Text, nullable=False),
    Column("publisher", Text),
    Column("url", Text),
    Column("published", Text),
)

people = Table(
    "people",
    metadata,
    Column("key", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("timezone", Text),
    Column("of_settings", Boolean, nullable=False),  # else a file declared it
    Column("removed_at", Utc),  # when the settings left the person out; forgotten an hour later
)

rules = Table(
    "rules",
    metadata,
    Column("name", Text, primary_key=True),
    Column("hash", String(16), nullable=False),
    Column("spec", JSON, nullable=False),
    Column("registered_at", Utc, nullable=False),
    Column("settled_to", Integer),  # while its watches are being recomputed: the last commitment that was
    Column("summarised_at", Utc),  # up to when all is summed up: its last firing, or since when it has been to
    Column("removed_at", Utc),  # when a registration left it out; it ends an hour later
    Column("ending", Boolean, nullable=False, server_default=sa.false()),  # its watches are being removed
)
REMOVED = sa.select(rules.c.name).where(rules.c.removed_at.is_not(None))  # nobody plans them until they are put back

registrations = Table(  # append-only: the last is the one that holds
    "registrations",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("hash", Text, nullable=False),
    Column("folder", Text),
    Column("rules", JSON, nullable=False),  # name → hash
    Column("channels", JSON, nullable=False),  # name → fingerprint
    Column("registered_by", Text, nullable=False),
    Column("registered_at", Utc, nullable=False),
)

processes = Table(  # one row a daemon, removed when it ends in order
    "processes",
    metadata,
    Column("name", Text, primary_key=True),
    Column("host", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("rule_set", Text, nullable=False),  # the hash of the set that it runs
    Column("folder", Text),
    Column("rules", JSON, nullable=False),  # name → hash
    Column("channels", JSON, nullable=False),  # names
    Column("seen_at", Utc, nullable=False),
    Column("problems", JSON, nullable=False),  # line → since when
    Column("warnings", JSON, nullable=False),  # lines
    Column("reload", JSON),  # how the last one went
)

watches = Table(
    "watches",
    metadata,
    _commitment(primary_key=True),  # first: a key that began with the rule would tempt SQLite away from next_at's index
    Column("rule", Text, primary_key=True),
    Column("occurrence", Text, primary_key=True),
    Column("since", Utc, nullable=False),
    Column("next_at", Utc),
    Column("cursor", Utc),
    Column("latest_moment", Utc),
    Column("fingerprint", Text),
    Column("revision", Integer, nullable=False),
    Column("changed", Boolean, nullable=False),
)
Index("ix_watches_next_at", watches.c.next_at, postgresql_where=watches.c.next_at.is_not(None),
      sqlite_where=watches.c.next_at.is_not(None))  # fmt: skip

reminders = Table(
    "reminders",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("rule", Text, nullable=False),
    _commitment(),
    Column("occurrence", Text, nullable=False),
    Column("bounds_version", Integer, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("moment", Utc, nullable=False),
    Column("send_at", Utc, nullable=False),
    Column("offset", Text),
    Column("early", Boolean, nullable=False),
    Column("catching_up", Boolean, nullable=False),
    Column("revision", Integer),
    Column("first_revision", Integer),  # of several moves that are told as one
    Column("skipped", Text),  # the reason, where it was not said
    Column("planned_at", Utc, nullable=False),
    UniqueConstraint("rule", "commitment_id", "occurrence", "bounds_version", "kind", "moment", name="uq_reminders"),
)
Index("ix_reminders_commitment_id", reminders.c.commitment_id)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("next_at", Utc),
    Column("next_alert_at", JSON, nullable=False),  # reminder → when its watch speaks next, as planned
    Column("deadline", Utc),  # tries go on at least until it has passed
    Column("lease_until", Utc),
    Column("fence", Integer, nullable=False),
    Column("payload", JSON),
    Column("payload_hash", String(64)),
    Column("entries", String(64)),  # a digest of the reminders that held when the payload was rendered
    Column("remote", Text),
    Column("last_error", Text),
    Column("ended_at", Utc),
    Column("template_error", Text),  # why it went out in a simpler form
    Column("fallback_for", JSON),  # the delivery whose words it carries, as the reader is told of it
    Column("notice", JSON),  # what operators are told, where it carries no reminders
    Column("summary", JSON),  # of what it sums up how things stand, where it carries no reminders
    Column(
        "failure_level", Integer, nullable=False, server_default="0"
    ),  # how far it has failed: core.deliveries.Failed
    Column("reported_level", Integer, nullable=False, server_default="0"),  # how far that has been told elsewhere
    Column("retried_at", Utc),  # when a person last sent it again: its schedule counts from there
    Column("tried_before", Integer, nullable=False, server_default="0"),  # attempts that were made before that
    Column("held_until", Utc),  # while somebody has snoozed what it carries; times are counted from then
)
OPEN = text("state IN ('pending', 'retry', 'leased')")
Index("ix_deliveries_open", deliveries.c.channel, deliveries.c.next_at, postgresql_where=OPEN, sqlite_where=OPEN)
_DEAD = text("state = 'dead'")
Index("ix_deliveries_dead", deliveries.c.created_at, postgresql_where=_DEAD, sqlite_where=_DEAD)
UNREPORTED = text("failure_level > reported_level")
Index("ix_deliveries_relief", deliveries.c.created_at, postgresql_where=UNREPORTED, sqlite_where=UNREPORTED)

missing_recipients = Table(  # of open deliveries, those to whom no live process delivers
    "missing_recipients",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("recipient", Text, primary_key=True),
    Column("since", Utc, nullable=False),  # when a live process first noticed it
)

delivery_reminders = Table(
    "delivery_reminders",
    metadata,
    Column("delivery_id", ForeignKey("deliveries.id", ondelete="CASCADE"), primary_key=True),
    Column("reminder_id", ForeignKey("reminders.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("commitment_id", Integer, nullable=False),
    Column("occurrence", Text, nullable=False),
    Column("bounds_version", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("moment", Utc, nullable=False),
    Column("channel", Text, nullable=False),
    Column("recipient", Text, nullable=False),
)
Index(
    "uq_told",  # the same thing is told to a recipient once, for ever
    delivery_reminders.c.commitment_id,
    delivery_reminders.c.occurrence,
    delivery_reminders.c.bounds_version,
    delivery_reminders.c.kind,
    delivery_reminders.c.moment,
    delivery_reminders.c.channel,
    delivery_reminders.c.recipient,
    unique=True,
)

gathered = Table(  # reminders that wait until nothing is due any more, to be put into deliveries together
    "gathered",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("recipient", Text, primary_key=True),
    Column("reminder_id", ForeignKey("reminders.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("digest", Boolean),  # as its rule has it
    Column("next_alert_at", Utc),
    Column("deadline", Utc),
    Column("planned_at", Utc, nullable=False),
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
)

resolved_with = Table(  # what bounds were worked out with: the value that holds is that of the highest number
    "resolved_with",
    metadata,
    Column("name", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("value", Text, nullable=False),
    Column("since", Utc, nullable=False),
    Column("reason", Text),  # why all bounds are to be worked out anew, until that has been done
)

meta = Table(
    "meta",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Column("at", Utc, nullable=False),
)
