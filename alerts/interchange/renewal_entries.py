"""The shorthand `renews` with `notice`: two commitments that are linked, the renewal and the notice before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from alerts.deadlines.errors import InputError
from alerts.deadlines.expressions import Every
from alerts.deadlines.grammar import parse
from alerts.strict_yaml.yaml_events import Steps

SHORTHAND = ("renews", "notice")
ALSO_OF_NOTICE = (
    "by", "to", "owner", "priority", "tags", "timezone", "calendars", "source", "sources", "assumptions", "note",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ExpandedEntry:
    """An entry as if it were written out; `stands_at` has where its fields were written."""

    value: Any
    stands_at: Mapping[str, str]

    def steps(self, steps: Steps) -> Steps:
        """Return where a part of the entry stands in the file."""
        return (self.stands_at.get(str(steps[0]), steps[0]), *steps[1:]) if steps else steps


class RenewalError(InputError):
    """A wrong field of the shorthand, and what is wrong with it."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field


def expanded(value: Any) -> list[ExpandedEntry]:
    """Return an entry, or the two that the shorthand means. Raises RenewalError."""
    if not isinstance(value, dict) or not (value.keys() & set(SHORTHAND)):
        return [ExpandedEntry(value, {})]
    renews, notice = value.get("renews"), value.get("notice")
    if renews is None:
        raise RenewalError("notice", "goes with `renews`, as in `renews: every year from 2026-07-01`")
    if "deadline" in value:
        raise RenewalError("renews", "stands in place of `deadline`: leave one of them out")
    _require_series(renews)
    rest = {name: one for name, one in value.items() if name not in SHORTHAND}
    found = [ExpandedEntry({"kind": "event", "deadline": renews, **rest}, {"deadline": "renews"})]
    key, title = value.get("key"), value.get("title")
    if notice is None or not isinstance(key, str) or not isinstance(title, str):
        return found
    deadline = f"{notice} before {key}"
    require_notice(deadline)
    shared = {name: rest[name] for name in ALSO_OF_NOTICE if name in rest}
    written_out = {"key": f"{key}-notice", "title": f"Cancel or renew: {title}", "kind": "notice", "deadline": deadline}
    return [*found, ExpandedEntry(shared | written_out, {"deadline": "notice"})]


def _require_series(renews: object) -> None:
    try:
        recurs = isinstance(parse(str(renews)), Every)
    except InputError as error:
        raise RenewalError("renews", str(error)) from None
    if not recurs:
        raise RenewalError("renews", "expected how often, as in `every year from 2026-07-01`")


def require_notice(deadline: str) -> None:
    """Raise RenewalError where a notice does not say how long before it is: `90 days before KEY`."""
    try:
        parse(deadline)
    except InputError:
        raise RenewalError("notice", "expected how long before, as in `90 days` or `3 months`") from None
