"""Rules as rows: registered, replaced, removed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, delete, func, select, update

from alerts.core.rules import Rule
from alerts.store import planning_tables
from alerts.store.database import RULES_LOCK
from alerts.store.rows import upsert

_R = planning_tables.rules.c
_W = planning_tables.watches.c
_STORED = select(_R.name, _R.hash, _R.spec, _R.registered_at, _R.summarised_at, _R.removed_at, _R.ending)
_SPECS = select(_R.name, _R.spec).where(~_R.ending).order_by(_R.name)
# The hashes of some rules that are registered: none that was removed, or is about to end.
_HASHES = select(_R.name, _R.hash).where(
    _R.name.in_(bindparam("names", expanding=True)), _R.removed_at.is_(None), ~_R.ending
)
_NAMED = _R.name.in_(bindparam("_names", expanding=True))
_PUT_BACK = update(planning_tables.rules).where(_NAMED).values(removed_at=None)
_REMOVE = update(planning_tables.rules).where(_NAMED).values(removed_at=bindparam("_at"))
_FORGET_WATCHES = delete(planning_tables.watches).where(_W.rule.in_(bindparam("_names", expanding=True)))
_FORGET = delete(planning_tables.rules).where(_NAMED)


def keep_rules(connection: Connection, *, change: bool = False) -> None:
    """Keep rules from changing or ending until the transaction ends. `change`: wait until nobody settles by them.

    SQLite has one writer. On PostgreSQL, call this before locking any row that settling locks.
    """
    if connection.dialect.name == "postgresql":
        lock = func.pg_advisory_xact_lock if change else func.pg_advisory_xact_lock_shared
        connection.execute(select(lock(RULES_LOCK)))


def _summarised_at(rule: Rule, stored: RowMapping | None) -> datetime | None:
    """A rule that sums up anew or at other times begins anew; one that changed in other ways still owes what it missed.

    It owes that since its last firing or, if none has been, since it was registered to sum up at these times.
    """
    if stored is None or stored["spec"].get("summary") is None:
        return None
    if any(stored["spec"][name] != getattr(rule, name) for name in ("cron", "timezone")):
        return None
    at: datetime = stored["summarised_at"] or stored["registered_at"]
    return at


def put_rules(
    connection: Connection,
    rules: Sequence[Rule],
    now: datetime,
    *,
    at_once: bool = False,
    removed_at: datetime | None = None,
) -> tuple[str, ...]:
    """Store these rules, settle new and changed ones anew, and return the names of missing ones.

    What is gone is forgotten `at_once`, or else only marked as removed: its watches are kept in step until it ends, and
    where it is put back before, nothing has ended.
    """
    keep_rules(connection, change=True)
    stored = {row["name"]: row for row in connection.execute(_STORED).mappings()}
    here = {name: row["hash"] for name, row in stored.items() if not row["ending"]}
    wanted = {rule.name: rule for rule in rules}
    fresh = [rule for rule in rules if here.get(rule.name) != rule.hash]
    left_out = {name for name, row in stored.items() if name not in wanted and (at_once or row["removed_at"] is None)}
    # The default rule applies where no other matches, so any change may add to its watches or remove some.
    if (fresh or (at_once and left_out)) and "default" in wanted and wanted["default"] not in fresh:
        fresh.append(wanted["default"])
    rows = [
        {
            "name": rule.name, "hash": rule.hash, "spec": rule.to_json(), "registered_at": now, "settled_to": 0,
            "summarised_at": _summarised_at(rule, stored.get(rule.name)), "removed_at": None, "ending": False,
        }
        for rule in fresh
    ]  # fmt: skip
    upsert(connection, planning_tables.rules, ["name"], rows)
    put_back = [name for name, row in stored.items() if name in wanted and row["removed_at"] is not None]
    connection.execute(_PUT_BACK, {"_names": put_back})
    if at_once:
        connection.execute(_FORGET_WATCHES, {"_names": list(left_out)})
        connection.execute(_FORGET, {"_names": list(left_out)})
    else:
        connection.execute(_REMOVE, {"_names": list(left_out), "_at": removed_at or now})
    return tuple(sorted(left_out))


def registered_rules(connection: Connection) -> list[Rule]:
    return [Rule.from_json(spec) for _, spec in connection.execute(_SPECS).tuples()]


def rules_that_await_answers(connection: Connection) -> set[str]:
    """Return the names of the registered rules that report alerts which nobody answers."""
    return {name for name, spec in connection.execute(_SPECS).tuples() if awaits_answers(spec)}


def awaits_answers(spec: Mapping[str, Any]) -> bool:
    """Return whether a rule reports alerts that nobody answers."""
    return bool(spec["remind"].get("unanswered"))


def registered_hashes(connection: Connection, names: Iterable[str]) -> dict[str, str]:
    """Return the hashes of those of these rules that are registered: none that was removed, or is about to end."""
    return dict(connection.execute(_HASHES, {"names": list(names)}).tuples().all())
