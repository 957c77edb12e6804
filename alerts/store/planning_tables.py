"""The tables of rules, processes, watches and reminders."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import (
    Boolean,
    Column,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from alerts.store.table_types import JSON, Id, Utc, commitment_column, metadata, partial_index

rules = Table(
    "rules",
    metadata,
    Column("name", Text, primary_key=True),
    Column("hash", String(16), nullable=False),
    Column("spec", JSON, nullable=False),
    Column("registered_at", Utc, nullable=False),
    Column("settled_to", Integer),  # while its watches are being recomputed: the last commitment that was
    Column("summarised_at", Utc),  # its last summary, or since when it sends summaries
    Column("removed_at", Utc),  # when a registration left it out; it ends an hour later
    Column("ending", Boolean, nullable=False, server_default=sa.false()),  # its watches are being removed
)
REMOVED = sa.select(rules.c.name).where(rules.c.removed_at.is_not(None))  # nobody plans them until they are put back
registrations = Table(  # append-only: the last one is in force
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
    commitment_column(
        primary_key=True
    ),  # first: a key that began with the rule would tempt SQLite away from next_at's index
    Column("rule", Text, primary_key=True),
    Column("occurrence", Text, primary_key=True),
    Column("since", Utc, nullable=False),
    Column("next_at", Utc),
    Column("cursor", Utc),
    Column("latest_moment", Utc),
    Column("fingerprint", Text),
    Column("revision", Integer, nullable=False),
    Column("changed", Boolean, nullable=False),
    Column("claimed_by", Text),  # the claim of a planner that evaluates it now, a new one each time
    Column("claimed_until", Utc),  # by the real clock; without it, or after it, the watch is free
)
reminders = Table(
    "reminders",
    metadata,
    Column("id", Id, primary_key=True),
    Column("rule", Text, nullable=False),
    commitment_column(),
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
    Column("first_revision", Integer),  # of several moves that go out as one
    Column("skipped", Text),  # the reason, where it was not sent
    Column("planned_at", Utc, nullable=False),
    UniqueConstraint("rule", "commitment_id", "occurrence", "bounds_version", "kind", "moment", name="uq_reminders"),
)

partial_index("ix_watches_next_at", watches.c.next_at, where=watches.c.next_at.is_not(None))

Index("ix_reminders_commitment_id", reminders.c.commitment_id)
