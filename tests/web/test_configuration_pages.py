"""The pages of rules and channels, previews, and tests of channels: what is configured, without a secret."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
import requests

from alerts.channel_tests import SentTest
from alerts.core.liveness import PASS
from alerts.settings import load_settings
from alerts.store.daemon_lock import daemon_lock
from alerts.store.registry import ProcessStatus
from alerts.web.pages import configuration_pages
from alerts.web.pages.channel_tries import PAUSE, ChannelTries
from tests.factories import at, entry, load
from tests.injections import INJECTIONS
from tests.web.answering import NOW, Desk, visited
from tests.web.running import WebServer, started
from tests.web.test_due_page import Tags, text_of

SECRET = "SECRET"  # of the address of the chat
RULES = """
rules:
  - {name: weekly, cron: "0 7 * * mon", match: {tags: [filing, review], owner: [zoe]}, notify: [owner, desk],
     remind: {before: [P14D, 5 business days], opens: true, unanswered: {after: P2D, every: P1D}}, fallback: room}
  - {name: late, cron: "7-9 9 * * *", match: {}, notify: [desk], digest: true, acknowledged_for: P3D,
     remind: {overdue: {after: P1D, every: P2D, at_most: null}, review: P1M}}
  - {name: sums, cron: "30 8 last * *", timezone: Europe/Paris, match: {}, notify: [desk], summary: {horizon: P30D}}
"""


def page(desk: Desk, path: str, status: int = 200) -> requests.Response:
    answer = desk.server.get(path)
    assert answer.status_code == status
    assert Tags(answer.text).live == []
    assert SECRET not in answer.text
    return answer


def test_rules_say_in_plain_words_when_to_whom_and_how_often_they_alert(desk: Desk) -> None:
    found = text_of(page(desk, "/rules").text)
    assert (
        "single Tag single Alerts Ahead of the date: 7 days and 1 day before On the day While overdue: every day, "
        "14 times, then every 7 days Under review, or without a date: every 14 days When its date is moved When it is "
        "closed or reopened To desk: Ann Example, Team Goes out Every day at 09:00 (UTC) Next: Sun 29 Nov 2026 09:00 "
        "UTC Messages One message for each alert"
    ) in found
    assert (
        "cems Owner cem Alerts While overdue: every day, 14 times, then every 7 days To The owner, through desk"
        in found
    )
    assert "P7D" not in found


def test_rules_of_every_kind_are_said_plainly(tmp_path: Path, sqlite_url: str) -> None:
    with configured(tmp_path, sqlite_url, RULES) as server:
        found = text_of(server.get("/rules").text)
    assert "Tag filing or review; owner zoe" in found
    assert "Ahead of the date: 14 days and 5 business days before When its time begins" in found
    assert "When nobody has answered an alert for 2 days, then every day" in found
    assert "Mondays at 07:00 (UTC) Next: Mon 30 Nov 2026 07:00 UTC" in found
    assert "If that fails Through room" in found
    assert "While overdue: from 1 day after it on, every 2 days until it is closed or acknowledged" in found
    assert "Under review, or without a date: every month" in found
    assert "At the times of its cron (UTC) 7-9 9 * * *" in found
    assert "Acknowledged Reminders pause for 3 days" in found
    assert "A summary of what falls due within 30 days" in found
    assert "On the last day of each month at 08:30 (Europe/Paris)" in found
    assert 'Rule weekly matches the owner "zoe", who is not declared in `people`' in found


@contextmanager
def configured(folder: Path, database: str, rules: str) -> Iterator[WebServer]:
    """Serve a configuration with other rules."""
    (folder / "config").mkdir()
    stated = {
        "channels": {
            "desk": {"kind": "maildir", "path": f"{folder}/mail", "to": ["ann@example.org"], "default": True},
            "room": {"kind": "slack", "url": f"http://127.0.0.1:9/services/T000/{SECRET}"},
            "env": {"kind": "slack", "url": {"env": "HIDDEN_NAME"}},
        },
        "timezone": "UTC",
        "http": {"port": 8080},
    }
    (folder / "config/alerts.yaml").write_text(json.dumps(stated))
    (folder / "config/rules.yaml").write_text(rules)
    with started(load_settings(folder / "config", database, {}), (), lambda: NOW) as server:
        yield server


def test_warnings_are_grouped_and_lead_to_what_they_are_about(desk: Desk) -> None:
    load(desk.store, entry("a", "2026-12-20", tags=("other",)), entry("b", "2026-12-20", owner="cem", tags=("list",)),
         now=at("2026-10-01"))  # fmt: skip
    found = page(desk, "/rules")
    assert "1 commitment: no rule matches" in text_of(found.text)
    assert "cem has left, and alerts go to Bob" in text_of(found.text).replace("Cem", "cem")
    assert 'href="/?unreached=1"' in found.text


def test_channels_show_who_reads_them_and_nothing_of_their_secrets(desk: Desk) -> None:
    found = text_of(page(desk, "/channels").text)
    assert "desk Maildir Unknown: no daemon is running Read by Ann Example, Team" in found
    assert "room Slack Unknown: no daemon is running Read by Everybody who reads it there" in found
    assert "Mon, Tue, Wed, Thu, Fri, 10:00 to 16:00 UTC" in found
    assert "Rules single, cems, list" in found


def test_a_channel_whose_secret_is_missing_does_not_say_where_that_is_kept(tmp_path: Path, sqlite_url: str) -> None:
    with configured(tmp_path, sqlite_url, RULES) as server:
        found = server.get("/channels").text
        assert "env Slack Cannot be used: `alerts check` shows why" in text_of(found)
        assert server.get("/preview?rule=late&channel=env&key=x").status_code == 422
    assert "HIDDEN_NAME" not in found
    assert SECRET not in found


def test_health_is_what_the_daemon_says_and_what_waits_and_failed_is_counted(desk: Desk) -> None:
    desk.sent("filing")
    with served(desk, {"desk": "the server answered 503", "room": None}):
        found = text_of(page(desk, "/channels").text)
    assert "desk Maildir Not working now : the server answered 503 One message at a time is tried" in found
    assert "room Slack Works" in found
    assert "office Maildir Not in use: the running daemon does not know this channel" in found
    assert "Waiting 1, the oldest since Sat 28 Nov 2026 09:00 UTC" in found
    assert "Last sent Not recently" in found


def test_a_preview_is_the_message_that_would_go_out(desk: Desk) -> None:
    load(desk.store, entry("filing", "2026-12-20", title="The filing", tags=("single",)), now=at("2026-10-01"))
    found = page(desk, "/preview?rule=single&key=filing")
    text = text_of(found.text)
    assert "Due Sun 20 Dec (in 7 days): The filing Through desk, to ann@example.org, Sun 13 Dec 2026 09:00" in text
    (path,) = re.findall(r'href="(/preview/message[^"]*)"', found.text)
    message = desk.server.get(path.replace("&amp;", "&"))
    assert "The filing" in message.text
    policy = message.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox; default-src 'none'")
    assert "script-src" not in policy
    assert message.headers["X-Frame-Options"] == "DENY"


def test_a_post_is_previewed_as_its_body(desk: Desk) -> None:
    load(desk.store, entry("filing", "2026-12-20", tags=("single",)), now=at("2026-10-01"))
    assert "&#34;blocks&#34;" in page(desk, "/preview?rule=single&key=filing&channel=room").text
    assert desk.server.get("/preview/message?rule=single&key=filing&channel=room").status_code == 404


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("rule=nothing", "No rule is named 'nothing'"),
        ("rule=single&key=missing", "missing"),
        ("rule=single", "has no summary"),
        ("rule=single&key=filing&channel=none", "No channel is named 'none'"),
    ],
)
def test_what_cannot_be_previewed_says_why(desk: Desk, query: str, why: str) -> None:
    load(desk.store, entry("filing", "2026-12-20", tags=("single",)), now=at("2026-10-01"))
    assert why in text_of(page(desk, f"/preview?{query}", 422).text)
    assert desk.server.get(f"/preview/message?{query}").status_code == 404


def test_of_many_commitments_no_page_makes_a_summary(
    tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with configured(tmp_path, sqlite_url, RULES) as server:
        load(server.store, entry("a", "2026-12-20"), entry("b", "2026-12-21"), now=at("2026-10-01"))
        assert server.get("/preview?rule=sums").status_code == 200
        monkeypatch.setattr(configuration_pages, "MOST_SUMMED_UP", 1)
        answer = server.get("/preview?rule=sums")
    assert answer.status_code == 422
    assert "run `alerts preview sums`" in text_of(answer.text)


def press(desk: Desk, choice: str, **typed: str) -> requests.Response:
    hidden = visited(desk.server, "", page(desk, "/channels")).hidden
    return desk.server.post("/channels", data=hidden | typed | {"choice": choice})


def test_an_admin_sends_a_test_to_all_who_read_a_channel(desk: Desk, tmp_path: Path) -> None:
    answer = press(desk, "test desk")
    found = text_of(answer.text)
    assert answer.status_code == 200
    assert "Test of Sat 28 Nov 2026 09:30 UTC" in found
    mails = [one.read_text() for one in (tmp_path / "mail/new").iterdir()]
    assert len(mails) == 2
    assert all("Test of the channel desk" in one for one in mails)
    assert "was tested within the last minute" in text_of(press(desk, "test desk").text)
    assert len(list((tmp_path / "mail/new").iterdir())) == 2


def test_a_test_that_fails_says_so_without_the_secret(desk: Desk) -> None:
    answer = press(desk, "test room")
    assert "Failed: room:" in text_of(answer.text)
    assert SECRET not in answer.text


@pytest.mark.parametrize("typed", [{"token": "0" * 64}, {"form": "0" * 32}, {"token": ""}])
def test_a_form_without_our_token_sends_nothing(desk: Desk, tmp_path: Path, typed: dict[str, str]) -> None:
    assert press(desk, "test desk", **typed).status_code == 403
    assert not (tmp_path / "mail/new").exists()


@pytest.mark.parametrize(("choice", "status"), [("", 200), ("nothing", 200), ("test", 422), ("test none", 422)])
def test_what_is_no_button_sends_nothing(desk: Desk, tmp_path: Path, choice: str, status: int) -> None:
    assert press(desk, choice).status_code == status
    assert not (tmp_path / "mail/new").exists()


def test_one_test_is_sent_at_a_time_and_a_channel_once_a_minute() -> None:
    tries, goes_on = ChannelTries(), threading.Event()

    def slow() -> Iterator[SentTest]:
        yield SentTest(is_sent=True, text="one")
        goes_on.wait(30)

    def quick() -> Iterator[SentTest]:
        yield SentTest(is_sent=False, text="no")

    assert tries.start("a", NOW, slow) is None
    assert not tries.last()["a"].is_over
    assert "Another test" in str(tries.start("b", NOW, quick))
    goes_on.set()
    while not tries.last()["a"].is_over:
        goes_on.wait(0)
    assert tries.last()["a"].results == (SentTest(is_sent=True, text="one"),)
    assert "last minute" in str(tries.start("a", NOW + PAUSE - timedelta(seconds=1), quick))
    assert tries.start("a", NOW + PAUSE, quick) is None
    assert tries.last()["a"].results == (SentTest(is_sent=False, text="no"),)


def test_a_test_whose_channel_fails_in_its_own_way_is_over_too() -> None:
    tries = ChannelTries()

    def broken() -> Iterator[SentTest]:
        raise ZeroDivisionError
        yield

    assert tries.start("a", NOW, broken) is None
    assert tries.last()["a"].is_over
    assert not tries.last()["a"].results[0].is_sent
    assert tries.start("b", NOW, broken) is None


def test_injected_text_is_text_in_every_field(tmp_path: Path, sqlite_url: str) -> None:
    some = [text for text in INJECTIONS[::3] if text.isprintable() and text.strip()]
    rules = [
        {"name": f"r{number}", "cron": "0 9 * * *", "match": {"tags": [text], "owner": [text]}, "notify": ["desk"],
         "remind": {"before": ["P7D"]}}
        for number, text in enumerate(some)
    ]  # fmt: skip
    everything = {"name": "all", "cron": "0 9 * * *", "match": {}, "remind": {"before": ["P7D"]}, "notify": ["desk"]}
    with configured(tmp_path, sqlite_url, json.dumps({"rules": [*rules, everything]})) as server:
        stated = (
            entry(f"i{number}", "2026-12-20", title=text, note=text, tags=(text,), owner=text)
            for number, text in enumerate(some)
        )
        load(server.store, *stated, now=at("2026-10-01"))
        plain = Tags(server.get("/rules").text).tags
        assert plain < {*Tags(server.get("/channels").text).tags, "code", "br"} | {"dl", "dt", "dd", "div"}
        assert Tags(server.get("/rules").text).live == []
        known = Tags(server.get("/preview?rule=all&key=i0").text).tags
        for number, text in enumerate(some):
            for query in ({"rule": "all", "key": f"i{number}"}, {"rule": text, "key": text, "channel": text}):
                found = Tags(server.get(f"/preview?{urlencode(query)}").text)
                assert (found.tags <= known, found.live) == (True, [])


@contextmanager
def served(desk: Desk, channels: dict[str, str | None]) -> Iterator[None]:
    """Let a daemon say of its channels why they take nothing."""
    seen = {name: {"seen_at": NOW.isoformat(), "out": out} for name, out in channels.items()}
    desk.store.ledger.record_fact(f"{PASS}host:1", json.dumps(seen), NOW)
    name = f"{PASS}host:1"
    status = ProcessStatus(
        name=name, host="host", pid=1, rule_set="", folder=None, rules={}, channels=sorted(channels), seen_at=NOW
    )
    desk.store.registrations.report(status)
    path = desk.store.database.path
    with daemon_lock(path) if path else nullcontext():
        yield
