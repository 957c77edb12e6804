"""One database: commitments, watches, outbox and ledger. Only this package imports SQLAlchemy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from alerts.lock_files import is_served
from alerts.store.daemon_lock import ServedError, alongside, daemon_lock, no_turn_under_way
from alerts.store.database import Access, Database

if TYPE_CHECKING:
    from alerts.store.api_tokens import ApiTokens
    from alerts.store.commitment_store import Commitments
    from alerts.store.due_watches import Watches
    from alerts.store.feeds import Feeds
    from alerts.store.held_sending import HeldSending
    from alerts.store.left_out import LeftOut
    from alerts.store.link_revocations import LinkRevocations
    from alerts.store.linked_deliveries import LinkedDeliveries
    from alerts.store.measurements import Measurements
    from alerts.store.open_commitments import OpenCommitments
    from alerts.store.outbox.bounces import Bounces
    from alerts.store.outbox.claim import Outbox
    from alerts.store.outbox.digests import Gathering
    from alerts.store.outbox.fail_over import FailureBatch
    from alerts.store.outbox.summary_deliveries import Summaries
    from alerts.store.outbox.unreachable import UnservedRecipients
    from alerts.store.people import People
    from alerts.store.queries import Ledger
    from alerts.store.recorded_absences import RecordedAbsences
    from alerts.store.registry import Registrations
    from alerts.store.relatives import Relatives
    from alerts.store.resolution_inputs import ResolvedWith
    from alerts.store.sessions import Sessions
    from alerts.store.silence_rows import Silences
    from alerts.store.uploads import Uploads

LAST = datetime.max.replace(tzinfo=UTC)


class Store:
    """An open database with current tables. `zone` is the zone of the settings, for deadlines that state none.

    `access` says whether it may be changed, and made where it is not there. Raises StoreError where the address is
    wrong or the database cannot be used.
    """

    def __init__(self, url: str, zone: str | None = None, access: Access = "create") -> None:
        self.database = Database(url, access)
        try:
            self.database.migrate()
        except BaseException:
            self.database.close()
            raise
        self.zone = zone

    # Each part is imported when it is first used: a command that lists needs no outbox.

    @cached_property
    def people(self) -> People:
        """People of files and of processes."""
        from alerts.store.people import People

        return People(self.database)

    @cached_property
    def absences(self) -> RecordedAbsences:
        """When people are away."""
        from alerts.store.recorded_absences import RecordedAbsences

        return RecordedAbsences(self.database)

    @cached_property
    def registrations(self) -> Registrations:
        """Rules, channels and people that processes registered."""
        from alerts.store.registry import Registrations

        return Registrations(self.database)

    @cached_property
    def resolved_with(self) -> ResolvedWith:
        """What bounds were worked out with."""
        from alerts.store.resolution_inputs import ResolvedWith

        return ResolvedWith(self.database)

    @cached_property
    def commitments(self) -> Commitments:
        """What is tracked, and its changes."""
        from alerts.store.commitment_store import Commitments

        return Commitments(self.database, self.zone)

    @cached_property
    def watches(self) -> Watches:
        """What is evaluated next, and when."""
        from alerts.store.due_watches import Watches

        return Watches(self.database)

    @cached_property
    def gathering(self) -> Gathering:
        """Reminders that wait for their digest."""
        from alerts.store.outbox.digests import Gathering

        return Gathering(self.database)

    @cached_property
    def summaries(self) -> Summaries:
        """Summaries, which rules send whether something is due or not."""
        from alerts.store.outbox.summary_deliveries import Summaries

        return Summaries(self.database)

    @cached_property
    def outbox(self) -> Outbox:
        """Deliveries to be sent."""
        from alerts.store.outbox.claim import Outbox

        return Outbox(self.database)

    @cached_property
    def bounces(self) -> Bounces:
        """Mails that came back."""
        from alerts.store.outbox.bounces import Bounces

        return Bounces(self.database)

    @cached_property
    def unserved(self) -> UnservedRecipients:
        """Deliveries whose channel or recipient no process has."""
        from alerts.store.outbox.unreachable import UnservedRecipients

        return UnservedRecipients(self.database, self.outbox)

    @cached_property
    def uploads(self) -> Uploads:
        """Return the files that were uploaded to a page."""
        from alerts.store.uploads import Uploads

        return Uploads(self.database)

    @cached_property
    def left_out(self) -> LeftOut:
        """Entries of calendars that could not be loaded."""
        from alerts.store.left_out import LeftOut

        return LeftOut(self.database)

    @cached_property
    def link_revocations(self) -> LinkRevocations:
        """Recipients whose answer links are void."""
        from alerts.store.link_revocations import LinkRevocations

        return LinkRevocations(self.database)

    @cached_property
    def silences(self) -> Silences:
        """Times in which alerts are held back on purpose."""
        from alerts.store.silence_rows import Silences

        return Silences(self.database)

    @cached_property
    def feeds(self) -> Feeds:
        """Calendars that people subscribe to."""
        from alerts.store.feeds import Feeds

        return Feeds(self.database)

    @cached_property
    def api_tokens(self) -> ApiTokens:
        """Tokens of programs that use the API."""
        from alerts.store.api_tokens import ApiTokens

        return ApiTokens(self.database)

    @cached_property
    def sessions(self) -> Sessions:
        """People who have signed in to the pages, and the links by which they do."""
        from alerts.store.sessions import Sessions

        return Sessions(self.database)

    @cached_property
    def held_sending(self) -> HeldSending:
        """Whether sending is held after a restore."""
        from alerts.store.held_sending import HeldSending

        return HeldSending(self.database)

    @cached_property
    def linked_deliveries(self) -> LinkedDeliveries:
        """What the pages behind answer links show."""
        from alerts.store.linked_deliveries import LinkedDeliveries

        return LinkedDeliveries(self.database)

    @cached_property
    def open_commitments(self) -> OpenCommitments:
        """All that is open, for pages that list it."""
        from alerts.store.open_commitments import OpenCommitments

        return OpenCommitments(self.database)

    @cached_property
    def relatives(self) -> Relatives:
        """What commitments depend on."""
        from alerts.store.relatives import Relatives

        return Relatives(self.database)

    @cached_property
    def ledger(self) -> Ledger:
        """Listings and counts."""
        from alerts.store.queries import Ledger

        return Ledger(self.database)

    @property
    def name(self) -> str:
        """The address of the database, without its password."""
        return self.database.name

    @contextmanager
    def serve(self, *, check: bool = True) -> Iterator[None]:
        """Serve this database. With SQLite only one process may, and it frees what its predecessor had claimed.

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
                self.watches.free_claims()
            self.registrations.forget_processes(LAST)  # we hold the lock, so they have ended
            yield

    def is_served(self) -> bool:
        """Whether a daemon may be up: SQLite has a lock for that, with PostgreSQL only the process status shows it."""
        return self.database.path is None or is_served(self.database.path)

    def second_clock(self) -> datetime | None:
        """Return the time of the database server, or None for SQLite, which has no server."""
        if self.database.sqlite:
            return None
        with self.database.read() as connection:
            return self.database.real_now(connection)

    def resend_too_early(self, now: datetime) -> int:
        """Let alerts be sent again that a clock which was ahead has sent too early; returns how many."""
        from alerts.store.outbox.rearm import resend_too_early

        return resend_too_early(self.database, now)

    def measure(self, now: datetime) -> Measurements:
        """Return the counts and ages that monitoring reads."""
        from alerts.store.measurements import measure

        return measure(self.database, now)

    def check_indexes(self, now: datetime) -> None:
        """Raise StoreError where a damaged index hides something that is due."""
        from alerts.store.index_check import check_indexes

        check_indexes(self.database, now)

    def failure_batches(self) -> Iterator[FailureBatch]:
        """Yield deliveries whose failure is to be handled, in batches."""
        from alerts.store.outbox.fail_over import failure_batches

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
