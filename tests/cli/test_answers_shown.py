"""Answers as the command line says and shows them: acknowledgements, snoozes for all and for one, what is reopened."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alerts.actions.acknowledge import acknowledge
from alerts.core.actors import Actor
from alerts.core.changes import Change
from alerts.store import Store
from alerts.views.shown_times import shown
from tests.cli.conftest import CONFIG, Alerts, SetUpOnce

PEOPLE = "people:\n  - {key: anna, name: Anna Berg, email: anna@example.org}\n"

NEXT = "  next alert: Wed 23 Oct 2999 09:00 UTC, 7 days before, to box"  # however far ahead it is


@pytest.fixture(autouse=True)
def long_ahead(home: Path, alerts: Alerts, set_up_once: SetUpOnce) -> None:
    """What is shown is shown as of now, so that its date lies far ahead."""

    def set_up() -> None:
        (home / "config/alerts.yaml").write_text(CONFIG + PEOPLE)
        assert alerts("add", "far", "Far", "2999-10-30", "--tag", "truce", "--timezone", "UTC").code == 0

    set_up_once(set_up)


def test_a_snooze_for_one_alone_is_listed_and_shown(alerts: Alerts) -> None:
    done = alerts("snooze", "far", "--until", "2999-10-01T09:00Z", "--by", "anna")
    assert done.out.splitlines() == ["far is snoozed for anna@example.org until Tue 1 Oct 2999 09:00 UTC", NEXT]
    listed = " ".join(alerts("list").out.split())
    for word in ("snoozed by anna until Tue 1 Oct 2999 09:00", "(for Anna Berg only)"):
        assert all(part in listed for part in word.split())
    shown = " ".join(alerts("show", "far").out.split())
    assert "snoozed by anna until Tue 1 Oct 2999 09:00 (for Anna Berg only)" in shown
    (row,) = alerts("show", "far", "--json").json["own_snoozes"]
    assert row == {
        "recipient": "anna@example.org", "occurrence": None, "by": "anna", "until": "2999-10-01T09:00:00Z"
    }  # fmt: skip
    assert alerts("list", "--json").json[0]["own_snoozes"] == [row]
    assert alerts("unack", "far").out == f"far: the snooze for anna@example.org taken back\n{NEXT}\n"
    assert "(for Anna Berg only)" not in alerts("show", "far").out.split("History")[0]
    assert alerts("show", "far", "--json").json["own_snoozes"] == []


def test_a_snooze_for_everybody_is_shown(alerts: Alerts) -> None:
    done = alerts("snooze", "far", "--until", "2999-10-01T09:00Z", "--for-all")
    assert done.out == f"far is snoozed for everybody until Tue 1 Oct 2999 09:00 UTC\n{NEXT}\n"
    assert "by desk until Tue 1 Oct 2999 09:00" in alerts("show", "far").out.split("History")[0]
    assert alerts("unack", "far").out == f"far: the snooze of desk for everybody taken back\n{NEXT}\n"
    assert alerts("unack", "far").err.endswith("is neither acknowledged nor snoozed: there is nothing to take back\n")


def test_a_snooze_by_somebody_who_is_not_told_says_what_to_do(alerts: Alerts) -> None:
    said = alerts("snooze", "far", "--until", "2999-10-01", "--by", "anne")
    assert said.code == 1
    assert "neither a declared person nor a recipient" in said.err
    assert "--for-all" in said.err


def test_what_is_reopened_says_so(alerts: Alerts) -> None:
    alerts("close", "far", "--as", "withdrawn")
    assert alerts("reopen", "far", "--because", "by mistake").code == 0
    assert alerts("show", "far", "--json").json["status"] == "open"
    assert alerts("reopen", "far", "--because", "by mistake").err.count("far is open") == 1


@pytest.mark.parametrize("until", ["9999-12-31", "9999-12-31T20:00Z"])
@pytest.mark.parametrize("verb", [("ack",), ("snooze", "--for-all", "--past-due")])
def test_an_end_beyond_the_last_year_is_refused_in_one_line(
    alerts: Alerts, home: Path, until: str, verb: tuple[str, ...]
) -> None:
    (home / "config/alerts.yaml").write_text("timezone: Asia/Tokyo\n" + CONFIG)
    assert alerts("add", "tokyo", "T", "2020-01-10", "--tag", "truce", "--timezone", "Asia/Tokyo").code == 0
    name, *more = verb
    said = alerts(name, "tokyo", "--until", until, *more)
    assert (said.code, said.out, len(said.err.splitlines())) == (1, "", 1)
    assert "is too far ahead: name" in said.err
    for command in (("list",), ("show", "tokyo"), ("plan",), ("check",), ("why", "tokyo"), ("tick",)):
        assert "Traceback" not in alerts(*command).err, command


def upgraded(home: Path) -> str:
    """Make what is acknowledged look as an upgrade a day ago has left it; returns the day on which that ends."""
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
    ends = at + timedelta(days=7)
    stored = [f"{each:%Y-%m-%d %H:%M:%S}.000000" for each in (at, ends)]
    with closing(sqlite3.connect(home / "alerts.db")) as database, database:
        database.execute("insert or replace into meta (name, value, at) values ('answers upgraded', '', ?)", stored[:1])
        database.execute("update occurrences set acknowledged_until = ? where acknowledged_at is not null", stored[1:])
    return shown(ends, "UTC")


@pytest.mark.parametrize(
    ("keys", "acknowledgements", "alerts_sent"),
    [
        (["a"], "1 acknowledgement of an older version ends", "1 alert"),
        (["a", "b"], "2 acknowledgements of an older version end", "2 alerts, together in digests"),
    ],
)
def test_what_an_upgrade_gave_a_week_is_counted(
    alerts: Alerts, home: Path, keys: list[str], acknowledgements: str, alerts_sent: str
) -> None:
    for key in (*keys, "other"):
        alerts("add", key, key, "2020-01-10", "--tag", "truce", "--timezone", "UTC")
    alerts("tick")
    alerts("ack", *keys)
    assert "of an older version" not in alerts("check").err
    assert alerts("plan", "--upgrade").out == "the upgrade ends no acknowledgement: it sends nothing\n"
    ends = upgraded(home)
    assert f"{acknowledgements} {ends} UTC: `alerts plan --upgrade` shows" in alerts("check").err
    assert alerts("plan", "--upgrade").out == (
        f"{len(keys)} acknowledged before the upgrade; that ends {ends} UTC\n  rule desk via box: {alerts_sent}\n"
    )


def test_an_upgrade_that_nothing_follows_says_so(alerts: Alerts, home: Path) -> None:
    alerts("add", "a", "A", "2020-01-10", "--timezone", "UTC")  # no rule matches it
    alerts("ack", "a")
    ends = upgraded(home)
    assert alerts("plan", "--upgrade").out == (
        f"1 acknowledged before the upgrade; that ends {ends} UTC\n  no rule repeats their reminders: nothing is sent\n"
    )


def test_how_it_is_known_who_answered_is_shown(alerts: Alerts) -> None:
    alerts("ack", "far")
    store = Store(os.environ["ALERTS_DATABASE"])
    for name in (None, "Bob"):
        actor = Actor.by_link("anna@example.org", frozenset({"acknowledge"}), claimed=name)
        acknowledge(store, "far", None, Change.of(actor, datetime.now(UTC)))
    store.close()
    history = alerts("show", "far", "--json").json["history"]
    assert [one["proof"] for one in history] == ["shell", "shell", "link", "claimed"]
    shown = " ".join(alerts("show", "far").out.split())
    assert "acknowledged ahead a link sent to anna@example.org" in shown
    assert "Bob, by a link sent to anna@example.org (name not verified)" in shown
