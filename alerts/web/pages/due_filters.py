"""What the due page is asked for, as its address states it: each state of the page has an address."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal, get_args
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from alerts.core.commitments import PRIORITIES
from alerts.core.due_groups import DUE_GROUPS, DueGroup
from alerts.rendering.template_filters import clean, flat
from alerts.views.list_filters import Wanted

Filter = Literal["owner", "tag", "party", "priority"]
FILTERS: tuple[Filter, ...] = get_args(Filter)
STATUSES = ("overdue", "due", "ahead", "review", "acknowledged", "snoozed")
MOST_VALUES = 20  # of one filter
LONGEST = 200  # characters of a value
LAST_PAGE = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DueFilters:
    """Filters, a text, a group, and the page. Of several values of a filter one is enough."""

    values: Mapping[Filter, tuple[str, ...]]
    status: str = ""
    text: str = ""
    group: DueGroup | None = None
    is_mine: bool = False
    is_unreached: bool = False
    page: int = 1

    @classmethod
    def read(cls, query: QueryParams) -> DueFilters:
        """Read an address. What it states wrongly is left out."""
        values = {name: _values(query, name) for name in FILTERS}
        values["priority"] = tuple(one for one in values["priority"] if one in PRIORITIES)
        status, group = query.get("status", ""), query.get("group", "")
        page = query.get("page", "")
        return cls(
            values=values,
            status=status if status in STATUSES else "",
            text=_text(query.get("search", "")),
            group=next((one for one in DUE_GROUPS if one == group), None),
            is_mine=query.get("mine") == "1",
            is_unreached=query.get("unreached") == "1",
            page=min(max(int(page), 1), LAST_PAGE) if page.isascii() and page.isdigit() and len(page) < 9 else 1,
        )

    @property
    def wanted(self) -> Wanted:
        """Return what a commitment must have."""
        values = {name: frozenset(self.values[name]) for name in FILTERS}
        return Wanted(
            owners=values["owner"],
            tags=values["tag"],
            parties=values["party"],
            priorities=values["priority"],
            status=self.status or None,
            text=self.text,
        )

    @property
    def chosen(self) -> list[tuple[str, str, str]]:
        """Return each filter that is set: its name, its value, and the address without it."""
        return list(self._chosen())

    def _chosen(self) -> Iterator[tuple[str, str, str]]:
        for name, values in self.values.items():
            for value in values:
                left = tuple(one for one in values if one != value)
                yield name, value, replace(self, values={**self.values, name: left}, page=1).url
        if self.status:
            yield "status", self.status, replace(self, status="", page=1).url
        if self.text:
            yield "search", self.text, replace(self, text="", page=1).url
        if self.group:
            yield "group", self.group, self.for_group(None)
        if self.is_unreached:
            yield "unreached", "", replace(self, is_unreached=False, page=1).url
        if self.is_mine:
            yield "mine", "", replace(self, is_mine=False, page=1).url

    @property
    def url(self) -> str:
        """Return the address of this state of the page."""
        stated: list[tuple[str, str]] = [(name, value) for name in FILTERS for value in self.values[name]]
        stated += [("status", self.status), ("search", self.text), ("group", self.group or "")]
        stated += [("mine", "1" * self.is_mine), ("unreached", "1" * self.is_unreached)]
        stated += [("page", str(self.page) if self.page > 1 else "")]
        query = urlencode([(name, value) for name, value in stated if value])
        return f"/?{query}" if query else "/"

    def for_group(self, group: DueGroup | None) -> str:
        """Return the address of one group of what is asked for."""
        return replace(self, group=group, page=1).url

    def for_page(self, page: int) -> str:
        """Return the address of another page."""
        return replace(self, page=page).url

    @property
    def for_mine(self) -> str:
        """Return the address of what the visitor owns."""
        return replace(self, is_mine=True, page=1).url

    @property
    def for_unreached(self) -> str:
        """Return the address of what nobody gets alerts about."""
        return replace(self, is_unreached=True, page=1).url


def _values(query: QueryParams, name: str) -> tuple[str, ...]:
    stated = (_text(one) for one in query.getlist(name)[:MOST_VALUES])
    return tuple(dict.fromkeys(one for one in stated if one))


def _text(stated: str) -> str:
    return flat(clean(stated))[:LONGEST]
