"""Three hundred commitments of twenty-five owners: each is told of theirs, in their zone, and nobody else is."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.replay.conftest import World, text_of

OWNERS, EACH = 25, 12
ZONES = ("America/New_York", "Europe/Madrid", "Asia/Tokyo", "Asia/Kolkata", None)
NOON = {
    "America/New_York": "07:00 America/New_York",
    "Europe/Madrid": "13:00 Europe/Madrid",
    "Asia/Tokyo": "21:00 Asia/Tokyo",
    "Asia/Kolkata": "17:30 Asia/Kolkata",
    None: "12:00 UTC",
}
RULES = """
rules:
  - name: owners
    cron: "0 9 * * *"
    match: {tags: [reports]}
    remind: {before: [P7D], overdue: {every: P1D, at_most: 3, then: P7D}}
    notify: [owner]
  - name: escalation
    cron: "0 9 * * *"
    match: {tags: [reports]}
    remind: {overdue: {after: P3D, every: P1D}}
    notify: [desk-mail]
  - name: weekly
    cron: "0 8 * * mon"
    match: {tags: [reports]}
    summary: {horizon: P30D}
    notify: [owner, desk-mail]
"""
KILLED = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from alerts.cli.app import App
from alerts.planning import plan
from alerts.startup import prepare
app, now = App(Path(sys.argv[1]), None), datetime.fromisoformat(sys.argv[2])
prepare(app.store, app.rules, now, app.settings.people)
plan(app.store, app.rules, app.channels, now)
os.kill(os.getpid(), signal.SIGKILL)
"""
LOADED = "2025-10-28T12:00Z"


def address(number: int) -> str:
    return f"owner-{number:02}@example.org"


def person(number: int) -> str:
    zone = ZONES[number % len(ZONES)]
    stated = f", timezone: {zone}" if zone else ""
    return f"  - {{key: owner-{number:02}, name: Owner {number}, email: {address(number)}{stated}}}\n"


@pytest.fixture
def get_app(world: World) -> World:
    """A world in which the desk's channel mails owners: half of them are in the settings, half come from a file."""
    stated = (world.folder / "alerts.yaml").read_text()
    stated = stated.replace("to: [desk@example.org, policy@example.org]", "to: [desk@example.org]\n    default: true")
    stated = stated.replace("    timezone: America/New_York\n", "")
    (world.folder / "alerts.yaml").write_text(stated)
    (world.folder / "people.yaml").write_text("people:\n" + "".join(map(person, range(0, OWNERS, 2))))
    (world.folder / "rules.yaml").write_text(RULES)
    (world.folder.parent / "people.yaml").write_text("people:\n" + "".join(map(person, range(1, OWNERS, 2))))
    return world


def load(get_app: World, deadline: str, count: int = OWNERS * EACH) -> None:
    """Load so many commitments, one owner's after another's, the first of each critical."""
    rows = [
        f"c{n:03},Report {n},{deadline},owner-{n % OWNERS:02},reports,{'critical' if n < OWNERS else 'normal'}"
        for n in range(count)
    ]
    table = get_app.folder.parent / "register.csv"
    table.write_text("\n".join(["key,title,deadline,owner,tags,priority", *rows]))
    said = get_app.run("load", str(get_app.folder.parent / "people.yaml"), str(table), "--at", LOADED)
    assert f"{count} new" in said


def sums_up(mail: EmailMessage) -> bool:
    return str(mail["Subject"]).endswith(": summary")


def mine(number: int) -> set[str]:
    return {f"c{n:03}" for n in range(number, OWNERS * EACH, OWNERS)}


def test_each_owner_gets_theirs_in_their_zone_as_one_digest_and_what_is_critical(get_app: World) -> None:
    load(get_app, "2025-11-10T12:00Z")
    get_app.ticks(get_app.every(timedelta(hours=1), "2025-11-04T07:00Z", "2025-11-04T11:00Z"))
    told: dict[str, list[set[str]]] = defaultdict(list)
    words: dict[str, str] = defaultdict(str)
    for to, mail in get_app.inbox.mails:
        text = text_of(mail)
        told[to].append(set(re.findall(r"\bc\d{3}\b", text)))
        words[to] += text
    assert set(told) == {address(number) for number in range(OWNERS)}
    for number in range(OWNERS):
        single, digest = sorted(told[address(number)], key=len)
        assert single == {f"c{number:03}"}
        assert single | digest == mine(number)
        assert NOON[ZONES[number % len(ZONES)]] in words[address(number)]


def test_a_desk_hears_after_three_days_of_what_its_owner_has_not_acknowledged(get_app: World) -> None:
    load(get_app, "2025-11-02T12:00Z", 2)
    get_app.ticks(get_app.every(timedelta(days=1), "2025-11-01T09:00Z", "2025-11-04T09:00Z"))
    assert not [to for to, mail in get_app.inbox.mails if to == "desk@example.org" and not sums_up(mail)]
    assert Counter(to for to, mail in get_app.inbox.mails if mail["Subject"].startswith("Overdue since ")) == {
        address(0): 2,
        address(1): 2,
    }
    get_app.run("ack", "c001", "--at", "2025-11-04T10:00Z")
    get_app.inbox.mails.clear()
    get_app.ticks(get_app.every(timedelta(days=1), "2025-11-05T09:00Z", "2025-11-08T09:00Z"))
    desk = [mail["Subject"] for to, mail in get_app.inbox.mails if to == "desk@example.org"]
    assert Counter(subject[-8:] for subject in desk) == {"Report 0": 3, "Report 1": 1}  # once, though acknowledged


SUMS = "2025-11-03T08:00Z"


def summaries(get_app: World) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for to, mail in get_app.inbox.mails:
        if sums_up(mail):
            found[to].append(mail["Subject"])
    return found


def test_everybody_gets_one_summary_though_ticks_repeat_and_a_kill_comes_before_it_is_sent(get_app: World) -> None:
    load(get_app, "2025-11-20")
    command = [sys.executable, "-c", KILLED, str(get_app.folder), "2025-11-03T08:00:30+00:00"]
    get_app.ticks(get_app.every(timedelta(minutes=10), "2025-11-03T07:30Z", "2025-11-03T07:50Z"))
    killed = subprocess.run(command, cwd=Path.cwd(), env=os.environ, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert summaries(get_app) == {}
    get_app.ticks(get_app.every(timedelta(minutes=10), "2025-11-03T08:10Z", "2025-11-03T08:50Z"))
    found = summaries(get_app)
    assert found == {
        **{address(number): ["12 due by Wed 3 Dec: summary"] for number in range(OWNERS)},
        "desk@example.org": ["300 due by Wed 3 Dec: summary"],
    }
    for to, mail in get_app.inbox.mails:
        keys = set(re.findall(r"\bc\d{3}\b", text_of(mail)))
        if to != "desk@example.org":
            assert keys == mine(int(to[6:8]))
        else:
            assert 50 < len(keys) <= 200, "as many as there is room for"
            assert f"and {300 - len(keys)} more. See all" in text_of(mail)


def test_nothing_due_is_said_too_and_the_plan_foretells_it(get_app: World) -> None:
    load(get_app, "2026-11-20", 1)
    ahead = get_app.foretold("--from", LOADED, "--days", "7")
    assert ahead == [
        {
            "at": SUMS.replace("Z", ":00Z"), "moment": SUMS.replace("Z", ":00Z"), "rule": "weekly", "commitment": None,
            "occurrence": None, "kind": "summary", "offset": None, "channels": ["desk-mail"], "to": ["desk-mail"],
            "silenced_until": None, "hours_begin": None,
        }
    ]  # fmt: skip
    get_app.ticks(get_app.every(timedelta(minutes=10), "2025-11-03T07:30Z", "2025-11-03T08:30Z"))
    nothing = ["Nothing due until Wed 3 Dec: summary"]
    assert summaries(get_app) == {address(0): nothing, "desk@example.org": nothing}


def test_a_summary_that_an_outage_delayed_is_the_latest_and_says_so(get_app: World) -> None:
    load(get_app, "2025-11-20", 1)
    get_app.ticks(get_app.every(timedelta(minutes=10), "2025-11-03T07:30Z", "2025-11-03T07:40Z"))
    get_app.ticks(get_app.every(timedelta(minutes=10), "2025-11-19T08:00Z", "2025-11-19T08:20Z"))
    ((to, mail),) = [one for one in get_app.inbox.mails if one[0] == address(0) and sums_up(one[1])]
    assert to == address(0)
    assert "Sent 2 days late (scheduled for Mon 17 Nov 2025 03:00 America/New_York)." in " ".join(text_of(mail).split())
