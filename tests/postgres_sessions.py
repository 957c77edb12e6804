"""Sessions of PostgreSQL that stores use one after another: a new one costs as much as most tests have it do.

Only sessions on databases that are emptied for the next test are kept. What one has set or locked is undone before.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
import pytest
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg, _log_notices

EMPTIED = "emptied_"  # how the names of such databases begin
AT_MOST = 4  # of a database: threads may have needed more at once
UNDO = b"RESET ALL; SELECT pg_advisory_unlock_all(); UNLISTEN *; DISCARD TEMP"

_waiting: defaultdict[str, list[psycopg.Connection]] = defaultdict(list)


def share_sessions(patch: pytest.MonkeyPatch) -> None:
    """Let a store have a session that another has closed, and know what the first has asked the server about itself."""
    connect, close, initialize = PGDialect_psycopg.connect, PGDialect_psycopg.do_close, PGDialect_psycopg.initialize
    addresses: WeakKeyDictionary[psycopg.Connection, str] = WeakKeyDictionary()
    learned: dict[str, Any] = {}

    def take(self: PGDialect_psycopg, *arguments: Any, **options: Any) -> Any:
        stated = {name: value for name, value in options.items() if name != "context"}
        adapted = self._json_serializer, self._json_deserializer  # all else, all engines adapt alike
        address, waiting = repr((arguments, stated, adapted)), _waiting[str(options.get("dbname"))]
        for session in [one for one in waiting if addresses[one] == address]:
            with suppress(ValueError):  # another thread was quicker
                waiting.remove(session)
                if session.pgconn.exec_(b"").status == ExecStatus.EMPTY_QUERY:
                    return session
                session.close()
        session: Any = connect(self, *arguments, **options)
        addresses[session] = address
        return session

    def give_back(self: PGDialect_psycopg, session: Any) -> None:
        if _is_as_new(session):
            _waiting[session.info.dbname].append(session)
        else:
            close(self, session)

    def learn(self: PGDialect_psycopg, connection: Any) -> None:
        if not connection.connection.driver_connection.info.dbname.startswith(EMPTIED):
            initialize(self, connection)
        elif learned:
            vars(self).update(learned)
        else:
            before = dict(vars(self))
            initialize(self, connection)
            learned.update({name: value for name, value in vars(self).items() if before.get(name, self) is not value})

    patch.setattr(PGDialect_psycopg, "connect", take)
    patch.setattr(PGDialect_psycopg, "do_close", give_back)
    patch.setattr(PGDialect_psycopg, "initialize", learn)


def process_ids(database: str) -> list[int]:
    """Return the servers' process ids of the sessions that wait for the next store on a database."""
    return [session.info.backend_pid for session in _waiting[database] if session.pgconn.status == ConnStatus.OK]


def close_waiting(*databases: str) -> None:
    """Close the sessions that wait; on all databases where none is named."""
    for database in databases or list(_waiting):
        for session in _waiting.pop(database, []):
            session.close()


def _is_as_new(session: psycopg.Connection) -> bool:
    """Undo what a session has set and locked. Returns whether it can be used again."""
    idle = not session.closed and session.info.transaction_status == TransactionStatus.IDLE
    if not idle or session.autocommit or not session.info.dbname.startswith(EMPTIED):
        return False
    if len(_waiting[session.info.dbname]) >= AT_MOST:
        return False
    with suppress(ValueError):
        session.remove_notice_handler(_log_notices)  # each store adds it anew
    return session.pgconn.exec_(UNDO).status == ExecStatus.COMMAND_OK
