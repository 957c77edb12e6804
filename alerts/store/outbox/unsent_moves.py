"""What the alert of a move shows: the move, or several that its recipient does not know yet, as one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, select

from alerts.core.joined_moves import merge_moves, returns_to_start
from alerts.core.tracked import Revision
from alerts.store import tables
from alerts.store.outbox.other_alerts import Link, link_of, other_alerts
from alerts.store.rows import revision_of

_V = tables.revisions.c
Range = tuple[int, int]  # of revisions, the first and the last
_MOVES = (
    select(tables.revisions)
    .where(_V.commitment_id.in_(bindparam("ids", expanding=True)), _V.what == "moved")
    .order_by(_V.commitment_id, _V.number)
)


def moved_again(connection: Connection, links: Sequence[Any]) -> set[Link]:
    """Links whose move reaches the same recipient with a later one, which starts from the same date."""
    return {link_of(link) for link, _ in other_alerts(connection, _moved(links), _is_later_move, kinds=["moved"])}


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
    found: dict[Link, int] = {}
    sent: set[Link] = set()
    before = other_alerts(connection, _moved(links), _is_earlier_move, kinds=["moved"])
    for link, other in sorted(before, key=lambda pair: pair[1].reminder["bounds_version"], reverse=True):
        one, reminder = link_of(link), other.reminder
        if other.state == "sent":
            sent.add(one)
        if one not in sent:
            found[one] = reminder["revision"] if reminder["first_revision"] is None else reminder["first_revision"]
    return found


def _moved(links: Sequence[Any]) -> list[Any]:
    """Return the links about a move."""
    return [link for link in links if link["kind"] == "moved"]


def _is_later_move(mine: Any, other: Any) -> bool:
    return bool(mine["occurrence"] == other["occurrence"] and other["bounds_version"] > mine["bounds_version"])


def _is_earlier_move(mine: Any, other: Any) -> bool:
    return bool(mine["occurrence"] == other["occurrence"] and other["bounds_version"] < mine["bounds_version"])


def _moves(connection: Connection, commitments: set[int]) -> Mapping[tuple[int, str], list[Revision]]:
    """The moves of some commitments, oldest first, of the whole and of each occurrence by itself."""
    found: dict[tuple[int, str], list[Revision]] = defaultdict(list)
    if commitments:
        for row in connection.execute(_MOVES, {"ids": list(commitments)}).mappings():
            found[row["commitment_id"], row["occurrence"] or ""].append(revision_of(row))
    return found
