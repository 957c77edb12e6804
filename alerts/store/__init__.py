"""One database: commitments, watches, outbox and ledger. Only this package imports SQLAlchemy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime

from alerts.core.changes import Change, Entry, EntryProblem, Move, Report, RestatedEntry
from alerts.core.load_decisions import Closed
from alerts.store.commitment_store import Commitments
from alerts.store.daemon_lock import ServedError, alongside, daemon_lock, is_held, no_turn_under_way
from alerts.store.database import Database
from alerts.store.due_watches import Batch, Watches
from alerts.store.index_check import check_indexes
from alerts.store.outbox.claim import Outbox
from alerts.store.outbox.delivery_rows import Claim
from alerts.store.outbox.digests import Gathering
from alerts.store.outbox.fail_over import FailureBatch, failure_batches
from alerts.store.outbox.reach import ServedRecipients
from alerts.store.outbox.rearm import resend_too_early
from alerts.store.outbox.summary_deliveries import Summaries
from alerts.store.outbox.unreachable import UnservedDeliveries, UnservedRecipients
from alerts.store.people import People
from alerts.store.queries import Ledger
from alerts.store.registry import ProcessStatus, Registrations
from alerts.store.resolution_inputs import ResolvedWith
from alerts.store.standing import WatchedCommitment
from alerts.store.store_error import StoreError
from alerts.store.watched_commitments import occurrence_of

__all__ = [
    "Batch",
    "Change",
    "Claim",
    "Closed",
    "Entry",
    "EntryProblem",
    "FailureBatch",
    "Move",
    "ProcessStatus",
    "Report",
    "RestatedEntry",
    "ServedRecipients",
    "Store",
    "StoreError",
    "UnservedDeliveries",
    "WatchedCommitment",
    "occurrence_of",
]  # fmt: skip

LAST = datetime.max.replace(tzinfo=UTC)


class Store:
    """An open database with current tables. `zone` is the zone of the settings, for deadlines that state none.

    Raises StoreError where the address is wrong or the database cannot be used.
    """

    def __init__(self, url: str, zone: str | None = None) -> None:
        self.database = Database(url)
        try:
            self.database.migrate()
        except BaseException:
            self.database.close()
            raise
        self.people = People(self.database)
        self.registrations = Registrations(self.database)
        self.zone = zone
        self.resolved_with = ResolvedWith(self.database)
        self.commitments = Commitments(self.database, zone)
        self.watches = Watches(self.database)
        self.gathering = Gathering(self.database)
        self.summaries = Summaries(self.database)
        self.outbox = Outbox(self.database)
        self.unserved = UnservedRecipients(self.database, self.outbox)
        self.ledger = Ledger(self.database)

    @property
    def name(self) -> str:
        """The address of the database, without its password."""
        return self.database.name

    @contextmanager
    def serve(self, *, check: bool = True) -> Iterator[None]:
        """Serve this database. With SQLite only one process may, and it frees the leases of its predecessor at once.

        Raises StoreError where another daemon serves it, or where it is damaged. The `check` reads all of it.
        """
        if self.database.path is None:
            yield
            return
        with daemon_lock(self.database.path):
            if check:
                self.database.check()
            if no_turn_under_way(self.database.path):
                self.outbox.free_leases()
            self.registrations.forget_processes(LAST)  # we hold the lock, so they have ended
            yield

    def is_served(self) -> bool:
        """Whether a daemon may be up: SQLite has a lock for that, with PostgreSQL only the process status shows it."""
        return self.database.path is None or is_held(self.database.path)

    def second_clock(self) -> datetime | None:
        """Return the time of the database server, or None for SQLite, which has no server."""
        if self.database.sqlite:
            return None
        with self.database.read() as connection:
            return self.database.real_now(connection)

    def resend_too_early(self, now: datetime) -> int:
        """Let alerts be sent again that a clock which was ahead has sent too early; returns how many."""
        return resend_too_early(self.database, now)

    def check_indexes(self, now: datetime) -> None:
        """Raise StoreError where a damaged index hides something that is due."""
        check_indexes(self.database, now)

    def failure_batches(self) -> Iterator[FailureBatch]:
        """Yield deliveries whose failure is to be handled, in batches."""
        return failure_batches(self.database)

    @contextmanager
    def turn(self) -> Iterator[bool]:
        """Take one turn, as `serve` does, but also while a daemon or another turn runs; their leases stay.

        Yields whether no other process holds the lock.
        """
        with ExitStack() as held:
            alone = False
            with suppress(ServedError):  # only this one: an error such as damage must be seen
                held.enter_context(self.serve(check=False))
                alone = True
            if self.database.path is not None:
                held.enter_context(alongside(self.database.path))
            yield alone

    def close(self) -> None:
        """Close all connections."""
        self.database.close()
