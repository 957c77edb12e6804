"""The tables. Every column that holds a time holds UTC."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKey, Index, Integer, Table, Text, and_, text

from alerts.store.table_types import JSON, Utc, commitment_column, metadata, partial_index

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
    Column("changed_at", Utc),  # set while the watches have not seen a change
    Column("sequence", Integer, nullable=False, server_default="0"),  # of its entries in calendars: only rises
    Column("answer", Text),  # of a notice that is closed: cancelled or renewed
    # The place in listings, of the open date that ends first; true while `changed_at` is empty (`listed_places`).
    Column("listed_rank", Integer),
    *(Column(f"listed_{name}", Utc) for name in ("at", "begins", "ends")),
    CheckConstraint("status IN ('open', 'fulfilled', 'breached', 'withdrawn')", name="status"),
)
partial_index("ix_commitments_changed", commitments.c.changed_at, where=commitments.c.changed_at.is_not(None))

Index("ix_commitments_owner", commitments.c.owner)
LISTED = (*(commitments.c[f"listed_{name}"] for name in ("rank", "at", "begins", "ends")), commitments.c.status)
Index("ix_commitments_listed", *LISTED)
UNLISTED = and_(commitments.c.listed_rank.is_(None), commitments.c.changed_at.is_(None))
partial_index("ix_commitments_unlisted", commitments.c.listed_rank, where=UNLISTED)
partial_index("ix_commitments_restated", commitments.c.key, where=commitments.c.restated.is_not(None))
RECURRING = text("substr(deadline, 1, 6) = 'every '")  # as a text: SQLite takes no index for what is bound
partial_index("ix_commitments_recurring", commitments.c.id, where=RECURRING)
# What rules match by, counted in the order of this index. PostgreSQL has none of JSON, nor of a long text.
_ONLY_SQLITE = {"only": "sqlite"}
_MATCHED = ("kind", "priority", "owner", "by", "to", "tags", "status")
Index("ix_commitments_matched", *(commitments.c[name] for name in _MATCHED), info=_ONLY_SQLITE).ddl_if("sqlite")

occurrences = Table(  # a row appears when something happens to an occurrence
    "occurrences",
    metadata,
    commitment_column(primary_key=True),
    Column("occurrence", Text, primary_key=True),
    Column("acknowledged_by", Text),
    Column("acknowledged_at", Utc),
    Column("acknowledged_until", Utc),
    Column("status", Text),  # how it ended
    Column("deadline", Text),  # where it was moved by itself, as stated, and its bounds
    Column("bounds", JSON),
    Column("version", Integer),
    Column("stated_at", Utc),
    Column("history_since", Utc),  # where it was moved along into a time that had passed: since which statement
    Column("reopened", Integer, nullable=False, server_default="0"),  # how often
    Column("acknowledged_stage", Text),
    Column("acknowledged_ended", Utc),  # by a move or a reopening
    Column("snoozed_by", Text),  # for everybody
    Column("snoozed_at", Utc),
    Column("snoozed_until", Utc),
    Column("answer", Text),  # as that of a commitment
)

snoozes = Table(  # each for one recipient; `occurrence` is empty for the whole
    "snoozes",
    metadata,
    commitment_column(primary_key=True),
    Column("occurrence", Text, primary_key=True),
    Column("recipient", Text, primary_key=True),  # in small letters
    Column("by", Text, nullable=False),
    Column("at", Utc, nullable=False),
    Column("until", Utc, nullable=False),
)

silences = Table(
    "silences",
    metadata,
    Column("id", Text, primary_key=True),  # of what is stated
    Column("match", JSON, nullable=False),
    Column("since", Utc, nullable=False),
    Column("until", Utc, nullable=False),
    Column("reason", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("of_settings", Boolean, nullable=False),
    Column("ended_at", Utc),  # before its time
    Column("left_out", Boolean, nullable=False),  # that was because the settings no longer state it
    Column("proof", Text, nullable=False, server_default="shell"),  # how it is known who did it: a `Proof`
    Column("ended_by", Text),  # who ended it before its time
    Column("ended_proof", Text),
)

calendar_uids = Table(  # of what was sent under another UID than it would be now
    "calendar_uids",
    metadata,
    commitment_column(primary_key=True),
    Column("occurrence", Text, primary_key=True),
    Column("uid", Text, nullable=False),
)

references = Table(
    "references",
    metadata,
    commitment_column(primary_key=True),
    Column("depends_on", ForeignKey("commitments.id", ondelete="CASCADE"), primary_key=True, index=True),
)

revisions = Table(  # append-only
    "revisions",
    metadata,
    commitment_column(primary_key=True),
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
    Column("proof", Text, nullable=False, server_default="shell"),  # how it is known who did it: a `Proof`
    Column("form", Text),  # the form of an answer page that it was recorded from: pressed twice, it is recorded once
)

parties = Table(
    "parties",
    metadata,
    Column("key", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("timezone", Text),
    Column("calendar", Text),
    Column("hours", Text),
    Column("fiscal_year", Text),
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
    Column("deputy", Text),  # the key of who gets their alerts while they are away or have left
    Column("left_at", Utc),
)

absences = Table(  # when people are away; one that ends early ends when that is recorded
    "absences",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("person", Text, nullable=False),
    Column("starts_at", Utc, nullable=False),
    Column("ends_at", Utc, nullable=False),
    Column("zone", Text, nullable=False),  # the one that the times were stated in
    Column("deputy", Text),  # None for that of the settings
    Column("reason", Text),
    Column("recorded_at", Utc, nullable=False),
    Column("recorded_by", Text, nullable=False),
    Column("proof", Text, nullable=False),  # how it is known who did it: a `Proof`
    Column("ended_by", Text),  # who ended it early
    Column("ended_proof", Text),
)

requests = Table(  # what forms and programs have asked for: each is recorded once
    "requests",
    metadata,
    Column("id", Text, primary_key=True),
    Column("content", Text, nullable=False),  # a digest of what it states
    Column(
        "result", Text, nullable=False
    ),  # what came of it: the id of a silence, the number of an absence; empty for a commitment
    Column("recorded_at", Utc, nullable=False),
)

uploads = Table(  # files that were uploaded to a page, for an hour
    "uploads",
    metadata,
    Column("hash", Text, primary_key=True),  # SHA-256 in hex
    Column("content", Text, nullable=False),  # compressed, in base64
    Column("uploaded_at", Utc, nullable=False, index=True),  # else each content would be read to get at it
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

feeds = Table(  # calendars that people subscribe to
    "feeds",
    metadata,
    Column("token_hash", Text, primary_key=True),  # SHA-256 in hex: the token itself is shown once and stored nowhere
    Column("person", Text, nullable=False),  # the key of the person to whom it belongs
    Column("name", Text, nullable=False),
    Column("filters", JSON, nullable=False),
    Column("alarms", Boolean, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("last_used_at", Utc),
    Column("revoked_at", Utc),
)

api_tokens = Table(  # of programs that use the API
    "api_tokens",
    metadata,
    Column("token_hash", Text, primary_key=True),  # SHA-256 in hex: the token itself is shown once and stored nowhere
    Column("name", Text, nullable=False),
    Column("scope", Text, nullable=False),  # a `Scope`
    Column("owner", Text),  # the key of a person: it is for their commitments only
    Column("created_at", Utc, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("expires_at", Utc, nullable=False),
    Column("last_used_at", Utc),
    Column("revoked_at", Utc),
)

sign_in_links = Table(  # by which people sign in to the pages; one that was used is deleted
    "sign_in_links",
    metadata,
    Column("token_hash", Text, primary_key=True),  # as of feeds
    Column("person", Text, nullable=False),
    Column("address", Text, nullable=False),  # in small letters: the one that it was sent to
    Column("leads_to", Text, nullable=False),  # the page that it leads to, as the path of an address
    Column("expires_at", Utc, nullable=False),
)

sessions = Table(  # of people who have signed in to the pages
    "sessions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("token_hash", Text, nullable=False, unique=True),  # as of feeds
    Column("person", Text, nullable=False),
    Column("address", Text, nullable=False),  # in small letters: with another one, the session is over
    Column("client", Text, nullable=False),  # the address that they signed in from
    Column("began_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False),
    Column("ended_at", Utc),  # before its time
    Column("ended_by", Text),
)

link_revocations = Table(  # answer links in messages that were rendered before are void
    "link_revocations",
    metadata,
    Column("recipient", Text, primary_key=True),  # in small letters
    Column("revoked_at", Utc, nullable=False),
)

meta = Table(
    "meta",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Column("at", Utc, nullable=False),
)
