"""Calendars to subscribe to, over a real socket: who may read them, when they change, and how they end."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
import requests
from icalendar import Calendar
from sqlalchemy import delete, update

from alerts.clock import utc_now
from alerts.store import Store, tables
from alerts.store.feeds import FeedFilter
from alerts.store.store_error import StoreError
from alerts.web import calendar_feeds
from alerts.web.rate_limit import MOST, REMEMBERED, WINDOW, RateLimit, network_of
from tests.factories import NOW, entry, load, move
from tests.web.running import WebServer

WRONG = "0" * 64


@pytest.fixture
def feed(web_server: WebServer) -> str:
    """The path of a feed of Ann's, who owns one of two commitments."""
    store = web_server.store
    store.people.register(web_server.services.settings.people)
    load(store, entry("audit", "2030-11-10", title="Deliver the audit", owner="ann"), entry("other", "2030-11-11"))
    return added(store)


def added(store: Store, name: str = "Ann's deadlines", *, alarms: bool = False) -> str:
    token = store.feeds.add("ann", name, FeedFilter(owners=("ann",)), alarms=alarms, by="desk", now=NOW)
    return f"/calendar/{token}.ics"


def set_feeds(server: WebServer, **values: object) -> None:
    with server.store.database.write() as connection:
        connection.execute(update(tables.feeds).values(**values))


def titles(answer: requests.Response) -> list[str]:
    return [str(one["SUMMARY"]) for one in Calendar.from_ical(answer.content).walk("VEVENT")]


def test_a_feed_is_a_calendar_of_what_it_asks_for(web_server: WebServer, feed: str) -> None:
    answer = web_server.get(feed)
    assert (answer.status_code, titles(answer)) == (200, ["Deliver the audit"])
    assert Calendar.from_ical(answer.content)["X-WR-CALNAME"] == "Ann's deadlines"
    kept = {"content-type": "text/calendar; charset=utf-8", "cache-control": "private, no-cache",
            "content-disposition": 'inline; filename="deadlines.ics"', "x-robots-tag": "noindex, nofollow",
            "referrer-policy": "no-referrer"}  # fmt: skip
    assert {name: answer.headers[name] for name in kept} == kept
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("accept", [None, "", "text/html", "application/json", "image/png;q=0.1"])
def test_what_a_program_accepts_does_not_matter(web_server: WebServer, feed: str, accept: str | None) -> None:
    answer = web_server.get(feed, headers={"Accept": accept})
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"


def test_its_bytes_are_stable_and_follow_a_move_at_the_next_request(web_server: WebServer, feed: str) -> None:
    first = web_server.get(feed)
    assert web_server.get(feed).content == first.content
    tag = first.headers["ETag"]
    for stated in (tag, f"W/{tag}", f'"other", {tag}'):
        same = web_server.get(feed, headers={"If-None-Match": stated})
        assert (same.status_code, same.content, same.headers["ETag"]) == (304, b"", tag)
    for stated in ('"other"', tag.strip('"'), tag[:-2] + '"'):
        assert web_server.get(feed, headers={"If-None-Match": stated}).status_code == 200
    move(web_server.store, "audit", "2030-12-24", now=utc_now())
    after = web_server.get(feed, headers={"If-None-Match": tag})
    assert after.status_code == 200
    assert after.headers["ETag"] != tag
    (event,) = Calendar.from_ical(after.content).walk("VEVENT")
    assert (str(event["DTSTART"].dt), event["SEQUENCE"]) == ("2030-12-24", 1)


def test_head_has_the_headers_of_get_and_no_body(web_server: WebServer, feed: str) -> None:
    whole = web_server.get(feed)
    answer = web_server.session.head(web_server.url + feed, timeout=30)
    assert (answer.status_code, answer.content) == (200, b"")
    for name in ("etag", "content-type", "content-length"):
        assert answer.headers[name] == whole.headers[name]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PROPFIND"])
def test_it_can_only_be_read(web_server: WebServer, feed: str, method: str) -> None:
    assert web_server.session.request(method, web_server.url + feed, timeout=30).status_code == 405


def test_any_other_token_is_not_found(web_server: WebServer, feed: str) -> None:
    token = feed.removeprefix("/calendar/").removesuffix(".ics")
    stored = web_server.store.feeds.all(NOW)[0].token_hash
    changed = [token[:place] + ("0" if token[place] != "0" else "1") + token[place + 1 :] for place in (0, 31, 63)]
    for wrong in (*changed, token.upper(), token[:-1], token + "0", stored, WRONG, "x", "%00", "..%2F..", "é"):
        answer = web_server.get(f"/calendar/{wrong}.ics")
        assert answer.status_code == 404
        assert token not in answer.text
    for path in ("/calendar/", f"/calendar/{token}", f"/calendar/{token}.ics/", f"/calendar/{token}.icsx"):
        assert web_server.get(path).status_code == 404


def test_a_revoked_feed_says_so_for_thirty_days_and_is_gone_then(web_server: WebServer, feed: str) -> None:
    web_server.store.feeds.revoke("Ann's deadlines", utc_now())
    answer = web_server.get(feed)
    assert (answer.status_code, titles(answer)) == (200, ["This calendar is no longer updated"])
    same = web_server.get(feed, headers={"If-None-Match": answer.headers["ETag"]})
    assert same.status_code == 304
    set_feeds(web_server, revoked_at=utc_now() - timedelta(days=29, hours=23))
    assert web_server.get(feed).status_code == 200
    set_feeds(web_server, revoked_at=utc_now() - timedelta(days=30, minutes=1))
    gone = web_server.get(feed)
    assert (gone.status_code, gone.text) == (
        410, "This calendar has ended. Remove it from your calendar program.\n",
    )  # fmt: skip


def test_a_feed_ends_with_its_person_and_does_not_come_back_with_them(web_server: WebServer, feed: str) -> None:
    with web_server.store.database.write() as connection:
        connection.execute(delete(tables.people))
    assert titles(web_server.get(feed)) == ["This calendar is no longer updated"]
    web_server.store.people.register(web_server.services.settings.people)
    assert titles(web_server.get(feed)) == ["This calendar is no longer updated"]
    assert web_server.store.feeds.all(NOW)[0].revoked_at is not None


def test_its_use_is_noted(web_server: WebServer, feed: str) -> None:
    assert web_server.store.feeds.all(NOW)[0].last_used_at is None
    before = utc_now()
    web_server.get(feed)
    noted = web_server.store.feeds.all(NOW)[0].last_used_at
    assert noted is not None
    assert before <= noted <= utc_now()
    web_server.get(feed)
    assert web_server.store.feeds.all(NOW)[0].last_used_at == noted


def test_a_database_that_cannot_be_written_to_can_be_read(
    web_server: WebServer, feed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    web_server.get(feed)
    set_feeds(web_server, last_used_at=None)

    def full(*_: object, **__: object) -> None:
        raise StoreError("database or disk is full")

    monkeypatch.setattr(web_server.store.feeds, "note_use", full)
    assert titles(web_server.get(feed)) == ["Deliver the audit"]


def test_alarms_are_there_on_request(web_server: WebServer, feed: str) -> None:
    assert b"VALARM" not in web_server.get(feed).content
    assert b"VALARM" in web_server.get(added(web_server.store, "Loud", alarms=True)).content


def test_an_address_with_too_many_wrong_tokens_has_to_wait(web_server: WebServer, feed: str) -> None:
    found = [web_server.get(f"/calendar/{WRONG}.ics").status_code for _ in range(MOST + 1)]
    assert found == [404] * MOST + [429]
    assert web_server.get(f"/calendar/{WRONG}.ics").headers["Retry-After"] == "60"
    assert web_server.get(feed).status_code == 200  # others behind the same address read on


def test_wrong_tokens_are_counted_by_the_minute_and_by_address() -> None:
    wrong = RateLimit()
    assert not any(wrong.is_exceeded("a", NOW) for _ in range(MOST))
    assert wrong.is_exceeded("a", NOW)
    assert not wrong.is_exceeded("b", NOW)
    assert wrong.is_exceeded("a", NOW + WINDOW - timedelta(seconds=1))
    assert not wrong.is_exceeded("a", NOW + WINDOW)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:0:1::7", "2001:db8:0:1::/64"),
        ("somebody", "somebody"),
    ],
)
def test_ipv4_clients_count_for_themselves_also_on_a_socket_for_both(address: str, network: str) -> None:
    assert network_of(address) == network


def test_of_the_addresses_with_wrong_tokens_only_so_many_are_remembered() -> None:
    wrong = RateLimit()
    for number in range(REMEMBERED + 10):
        wrong.is_exceeded(str(number), NOW)
    assert len(wrong._times) == REMEMBERED


def test_more_calendars_than_there_are_places_have_to_wait(
    web_server: WebServer, feed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calendar_feeds, "WAIT", 0.01)
    monkeypatch.setattr("threading.BoundedSemaphore.acquire", lambda *_, **__: False)
    answer = web_server.get(feed)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")


def test_its_token_is_in_no_log(web_server: WebServer, feed: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "urllib3")  # of this test's own client
    caplog.set_level(logging.DEBUG)
    token = feed.removeprefix("/calendar/").removesuffix(".ics")
    for path in (feed, feed + "?x=1", feed + "/", f"/calendar/{token}", f"/{token}"):
        web_server.get(path)
    assert "/calendar/….ics 200" in caplog.text
    assert not [record for record in caplog.records if token in repr(record.__dict__)]
