"""What the alert of a move shows: the move, or several that its recipient does not know yet, as one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, and_, bindparam, func, select

from alerts.core.joined_moves import merge_moves, returns_to_start
from alerts.core.tracked import Revision
from alerts.store import delivery_tables, planning_tables, tables
from alerts.store.rows import revision_of

_D, _L, _R, _V = (
    table.c
    for table in (
        delivery_tables.deliveries,
        delivery_tables.delivery_reminders,
        planning_tables.reminders,
        tables.revisions,
    )
)
_MINE, _OTHER = delivery_tables.delivery_reminders.alias(), delivery_tables.delivery_reminders.alias()
Link = tuple[UUID, UUID]  # a delivery and a reminder that it carries
Range = tuple[int, int]  # of revisions, the first and the last
# Links of the deliveries `ids` about a move, with others about moves of the same to the same recipient: later ones, and
# earlier ones, the latest first.
_TWO_MOVES = and_(
    _OTHER.c.kind == "moved",
    *(_MINE.c[name] == _OTHER.c[name] for name in ("commitment_id", "occurrence", "channel", "recipient")),
)
_MY_MOVES = (_MINE.c.delivery_id.in_(bindparam("ids", expanding=True)), _MINE.c.kind == "moved")
_MOVED_AGAIN = (
    select(_MINE.c.delivery_id, _MINE.c.reminder_id)
    .join(_OTHER, and_(_TWO_MOVES, _OTHER.c.bounds_version > _MINE.c.bounds_version))
    .where(*_MY_MOVES)
)
_MOVED_BEFORE = (
    select(_MINE.c.delivery_id, _MINE.c.reminder_id, func.coalesce(_R.first_revision, _R.revision), _D.state)
    .join(_OTHER, and_(_TWO_MOVES, _OTHER.c.bounds_version < _MINE.c.bounds_version))
    .join(planning_tables.reminders, _R.id == _OTHER.c.reminder_id)
    .join(delivery_tables.deliveries, _D.id == _OTHER.c.delivery_id)
    .where(*_MY_MOVES)
    .order_by(_OTHER.c.bounds_version.desc())
)
_MOVES = (
    select(tables.revisions)
    .where(_V.commitment_id.in_(bindparam("ids", expanding=True)), _V.what == "moved")
    .order_by(_V.commitment_id, _V.number)
)


def moved_again(connection: Connection, links: Sequence[Any]) -> set[Link]:
    """Links whose move reaches the same recipient with a later one, which starts from the same date."""
    ids = _move_deliveries(links)
    if not ids:
        return set()
    return {(row.delivery_id, row.reminder_id) for row in connection.execute(_MOVED_AGAIN, {"ids": ids})}


def merged_moves(connection: Connection, links: Sequence[Any]) -> dict[Link, Revision]:
    """Return the moves that one alert shows as one, for each link with more than the last of them."""
    moves = {(link["delivery_id"], link["id"]): link for link in links if link["kind"] == "moved"}
    own = {one: (link["first_revision"] or link["revision"], link["revision"]) for one, link in moves.items()}
    whole = own | {
        one: (first, own[one][1]) for one, first in _unreported_moves(connection, links).items() if one in own
    }
    wanted = {one: (own[one], span) for one, span in whole.items() if span[0] < span[1]}
    revisions = _moves(connection, {moves[one]["commitment_id"] for one in wanted})
    found: dict[Link, Revision] = {}
    for one, spans in wanted.items():
        mine = revisions[moves[one]["commitment_id"], moves[one]["occurrence"]]
        # A move there and back in several deliveries is shown by the last of them.
        for first, last in reversed(spans):
            some = [revision for revision in mine if first <= revision.number <= last]
            if some and not returns_to_start(some):
                found[one] = merge_moves(some)
                break
    return found


def _unreported_moves(connection: Connection, links: Sequence[Any]) -> dict[Link, int]:
    """Return the first revision of earlier moves that the recipient did not get, by link."""
    ids = _move_deliveries(links)
    if not ids:
        return {}
    found: dict[Link, int] = {}
    sent: set[Link] = set()
    for delivery, reminder, first, state in connection.execute(_MOVED_BEFORE, {"ids": ids}):
        if state == "sent":
            sent.add((delivery, reminder))
        if (delivery, reminder) not in sent:
            found[delivery, reminder] = first
    return found


def _move_deliveries(links: Sequence[Any]) -> list[UUID]:
    """Return the deliveries that alert of a move."""
    return list({link["delivery_id"] for link in links if link["kind"] == "moved"})


def _moves(connection: Connection, commitments: set[int]) -> Mapping[tuple[int, str], list[Revision]]:
    """The moves of some commitments, oldest first, of the whole and of each occurrence by itself."""
    found: dict[tuple[int, str], list[Revision]] = defaultdict(list)
    if commitments:
        for row in connection.execute(_MOVES, {"ids": list(commitments)}).mappings():
            found[row["commitment_id"], row["occurrence"] or ""].append(revision_of(row))
    return found
