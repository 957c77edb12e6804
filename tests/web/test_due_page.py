"""The due page over HTTP: its groups, filters and pages, and what it says of alerts that reach nobody."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from html.parser import HTMLParser

import pytest
from sqlalchemy import update
from starlette.datastructures import QueryParams

from alerts.core.absences import Absence
from alerts.core.silences import Silence
from alerts.store import tables
from alerts.web.pages.due_filters import DueFilters
from alerts.web.pages.due_page import PAGE
from tests import acting
from tests.factories import acknowledge, at, change, close, entries, entry, load, move, party
from tests.injections import INJECTIONS
from tests.web.answering import NOW, Desk, attributes

TRACKED = (
    entry("audit", "2026-11-20", title="Audit report", owner="ann", tags=("single",), priority="critical"),
    entry("filing", "2026-11-28", title="Filing", owner="bob", tags=("single", "paper")),
    entry("visit", "2026-11-29", title="Visit", tags=("single",)),
    entry("call", "2026-12-03", title="Call", owner="kim", tags=("single",), by=("us",), to=("cn",)),
    entry("lease", "2027-03-01", title="Lease", tags=("list",), note="In the blue binder."),
    entry("plan", "undated", title="Plan", tags=("list",)),
    entry("monthly", "every FREQ=MONTHLY;BYMONTHDAY=-1 from 2026-10-01", title="Statistics", tags=("other",)),
)  # fmt: skip
KNOWN = frozenset(
    "html head meta title link body a header nav ul li p main h1 h2 strong form div label input button details summary "
    "select option span section svg text rect line circle ol aside".split()
)
FILTERED = [
    ("?owner=ann", {"audit"}),
    ("?owner=ann&owner=bob", {"audit", "filing"}),
    ("?tag=paper", {"filing"}),
    ("?party=cn", {"call"}),
    ("?priority=critical", {"audit"}),
    ("?priority=none", {key.commitment.key for key in TRACKED}),
    ("?status=overdue", {"audit", "monthly"}),
    ("?status=ahead", {"visit", "call", "lease"}),
    ("?status=review", {"plan"}),
    ("?search=BINDER", {"lease"}),
    ("?search=audit&owner=bob", set()),
    ("?group=overdue", {"audit", "monthly"}),
    ("?group=nothing&page=x&status=no", {key.commitment.key for key in TRACKED}),
    ("?unreached=1", {"monthly"}),
    ("?mine=1", set()),
    ("?page=99", {key.commitment.key for key in TRACKED}),
]
LINE = re.compile(r"<li>\s*<p class=\"when\">(.*?)</p>(.*?)</li>", re.DOTALL)


@pytest.fixture
def due(desk: Desk) -> Desk:
    load(desk.store, *TRACKED, now=at("2026-10-01"))
    return desk


def page(desk: Desk, query: str = "") -> str:
    answer = desk.server.get(f"/{query}")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    return str(answer.text)


def text_of(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def groups(html: str) -> dict[str, list[str]]:
    """Return the keys that a page lists, by group."""
    parts = re.split(r'<section aria-labelledby="(\w+)" class="group">', html)[1:]
    return {
        name: re.findall(r'<p class="faint">([\w.-]+)(?: ·|</p>)', part.split("</section>")[0])
        for name, part in zip(parts[::2], parts[1::2], strict=True)
    }


def keys(html: str) -> set[str]:
    return {key for some in groups(html).values() for key in some}


class Tags(HTMLParser):
    """The tags of a page, and what its attributes lead to or run."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.live: list[tuple[str, str | None]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.live += [one for one in attrs if one[0].startswith("on") or one[0] in ("style", "src", "srcdoc")]
        self.live += [one for one in attrs if one[0] in ("href", "action") and not str(one[1]).startswith(("/", "#"))]


def test_it_lists_what_is_open_by_when_it_is_due(due: Desk) -> None:
    close(due.store, "lease", now=NOW)
    assert groups(page(due)) == {
        "overdue": ["monthly", "audit"], "today": ["filing"], "this_week": ["visit"], "next_week": ["call"],
        "no_date": ["plan"],
    }  # fmt: skip


def test_a_row_says_what_list_says(due: Desk) -> None:
    acknowledge(due.store, "audit", until=at("2026-12-02"), now=NOW)
    (row,) = [found for found in LINE.findall(page(due)) if "audit" in found[1]]
    assert row[0] == "Fri 20 Nov 2026"
    assert text_of(row[1]) == (
        "Critical Audit report audit · Ann Example 8 days overdue, acknowledged by desk until Wed 2 Dec 2026 00:00 "
        "Next alert: within a minute"
    )


def test_a_filter_stands_in_the_address(due: Desk) -> None:
    assert {query: keys(page(due, query)) for query, _ in FILTERED} == dict(FILTERED)


def test_acknowledged_and_snoozed_are_filters_too(due: Desk) -> None:
    acknowledge(due.store, "audit", now=NOW)
    assert keys(page(due, "?status=acknowledged")) == {"audit"}
    assert keys(page(due, "?status=snoozed")) == set()


def test_each_filter_can_be_taken_away_alone() -> None:
    filters = DueFilters.read(QueryParams("owner=ann&owner=bob&tag=a%20b&search=x&status=due&group=today&page=3"))
    assert filters.url == "/?owner=ann&owner=bob&tag=a+b&status=due&search=x&group=today&page=3"
    assert {f"{name} {value}": url for name, value, url in filters.chosen}["owner bob"] == (
        "/?owner=ann&tag=a+b&status=due&search=x&group=today"
    )
    assert {without.count("&") for *_, without in filters.chosen} == {4}
    assert DueFilters.read(QueryParams("")).url == "/"


def test_a_search_keeps_the_filters_that_are_set(due: Desk) -> None:
    """A list of choices shows one of several values, and one of many that are known."""
    query = "owner=ann&owner=nobody&tag=single&group=overdue&unreached=1"
    form = re.split("</?form", page(due, f"?{query}"))[1]
    sent = [attributes(found) for found in re.findall('<input type="hidden"([^>]*)>', form)]
    chosen = re.findall(r'<option value="([^"]*)" selected>', form)
    assert sorted([*(one["value"] for one in sent), *chosen]) == ["1", "ann", "nobody", "overdue", "single"]
    assert [one["name"] for one in sent] == ["group", "unreached", "owner"]


def test_what_changes_is_seen_at_once(due: Desk) -> None:
    assert "filing" in groups(page(due))["today"]
    move(due.store, "filing", "2026-12-04", now=NOW)
    close(due.store, "visit", now=NOW)
    load(due.store, entry("new", "2026-11-28", title="New"), now=NOW)
    found = groups(page(due))
    assert found["today"] == ["new"]
    assert "filing" in found["next_week"]
    assert "visit" not in keys(page(due))


def test_what_cannot_be_read_hides_nothing_else(due: Desk, caplog: pytest.LogCaptureFixture) -> None:
    with due.store.database.write() as connection:
        connection.execute(update(tables.commitments).where(tables.commitments.c.key == "visit").values(bounds={}))
    assert {"filing", "call"} <= keys(page(due))
    assert "visit" not in keys(page(due))
    assert "the data of visit cannot be read" in caplog.text


def test_a_series_of_which_no_date_is_open_has_no_date(due: Desk) -> None:
    load(due.store, entry("over", "every FREQ=DAILY;COUNT=1 from 2026-11-20", title="Over"), now=at("2026-11-01"))
    assert "over" in groups(page(due))["overdue"]
    acting.close(due.store, "over", "fulfilled", change(NOW), "2026-11-20")
    assert "over" in groups(page(due))["no_date"]


def test_what_comes_as_time_goes_by_changes_its_group(due: Desk) -> None:
    assert "visit" in groups(page(due))["this_week"]
    due.now = at("2026-11-30T00:00")
    assert "visit" in groups(page(due))["overdue"]


def test_it_says_what_nobody_gets_alerts_about_what_is_silenced_and_who_is_away(due: Desk) -> None:
    silence = Silence(match={"tags": ("paper",)}, since=NOW, until=at("2026-12-04"), reason="The office moves.", by="x")
    due.store.silences.add(silence)
    due.store.absences.record(
        Absence(person="kim", starts_at=NOW - timedelta(days=1), ends_at=at("2026-12-07"), zone="UTC", recorded_by="x"),
        NOW, "shell",
    )  # fmt: skip
    aside = text_of(page(due).partition("<aside")[2])
    assert "Nobody gets alerts about monthly Show why in the list" in aside
    assert "Tags paper until Fri 4 Dec 2026 00:00 UTC The office moves. (by x)" in aside
    assert "Kim until Mon 7 Dec 2026 00:00 UTC Bob gets the alerts too" in aside


def test_without_anything_it_says_so(desk: Desk) -> None:
    found = text_of(page(desk))
    assert "Nothing is tracked yet. Track a commitment or import a register" in found
    assert "Nothing: somebody gets the alerts about every open commitment." in found


def test_the_chart_draws_the_soonest_and_counts_the_others(due: Desk) -> None:
    html = page(due)
    chart = html.partition('aria-labelledby="chart"')[2].partition("</section>")[0]
    rows = [text_of(row) for row in re.findall(r'<li class="chart-row">(.*?)</li>', chart, re.DOTALL)]
    assert rows == ["Sat 28 Nov Filing", "Sun 29 Nov Visit", "Thu 3 Dec Call"]
    assert chart.count("<circle") == 3
    assert "Not shown: 2 past their date, 1 after Fri 26 Feb 2027, 1 open or without a date." in text_of(chart)


def test_many_are_paged_and_a_page_stays_small(desk: Desk) -> None:
    load(desk.store, *entries(2 * PAGE + 5, "2026-12-15", title="T" * 500, owner="ann"), now=at("2026-11-01"))
    first, last = page(desk), page(desk, "?page=3")
    assert [len(keys(page(desk, f"?page={number}"))) for number in (1, 2, 3)] == [PAGE, PAGE, 5]
    assert not keys(first) & keys(last)
    assert "Page 1 of 3" in text_of(first)
    assert 'href="/?page=2" rel="next"' in first
    assert len(first.encode()) < 100_000
    assert f"Later {2 * PAGE + 5}" in text_of(first)


def test_the_page_loads_nothing_from_elsewhere_and_runs_no_script(due: Desk) -> None:
    html = page(due)
    assert {attributes(found)["href"] for found in re.findall("<link([^>]*)>", html)} == {
        "/static/page.css", "/static/site.css", "/static/icon.svg"
    }  # fmt: skip
    assert Tags(html).live == []
    assert Tags(html).tags <= KNOWN
    style = due.server.get("/static/site.css")
    assert style.headers["Content-Type"] == "text/css; charset=utf-8"
    assert "http" not in style.text.replace("https://", "http")


def test_injected_text_is_text_in_every_field_and_filter(desk: Desk) -> None:
    some = [text for text in INJECTIONS[::9] if text.isprintable() and text.strip()]
    stated = [
        entry(f"i{number}", "2026-12-01", title=text, note=text, tags=(text,), by=(text,), owner=text)
        for number, text in enumerate(some)
    ]
    load(desk.store, *stated, now=at("2026-11-01"), parties=[party(text) for text in some])
    for query in ("", *({"search": text, "tag": text, "owner": text, "party": text} for text in some)):
        found = Tags(desk.server.get("/", params=query).text)
        assert found.tags <= KNOWN
        assert found.live == []
