"""What a deadline that is stored counts from."""

from __future__ import annotations


def references_in(deadline: str) -> frozenset[str]:
    """Return the keys of the commitments that a stored deadline counts from."""
    from alerts.deadlines.expressions import references  # few commands read a deadline anew
    from alerts.deadlines.grammar import parse

    return references(parse(deadline))
