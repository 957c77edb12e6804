"""Commands as they are meant to be used: what they print, and that what they print is true."""

from __future__ import annotations

import json
import logging
import re
import shlex
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from alerts.cli import delivery_commands, explained_alerts, plan_command, show_command
from alerts.cli.terminal import Terminal
from tests.cli.conftest import CONFIG, NOW, Alerts


@pytest.mark.parametrize("words", [["list"], ["list", "--closed"], ["plan"], ["deliveries"], ["health"]])
def test_a_listing_as_json_is_a_bare_list(words: list[str], alerts: Alerts) -> None:
    assert isinstance(alerts(*words, "--json").json, list)


def test_a_listing_says_the_same_with_and_without_json(loaded: Alerts) -> None:
    loaded("tick", "--at", NOW)
    for words in (["list"], ["list", "--closed"], ["plan", "--at", NOW], ["deliveries"]):
        rows = loaded(*words, "--json").json
        text = loaded(*words).out
        assert rows
        assert all((row.get("commitment") or row.get("key") or row["id"][:8]) in text for row in rows)


def test_nothing_tracked_is_said_with_what_to_do(alerts: Alerts) -> None:
    said = alerts("list")
    assert said.code == 0
    assert " has no commitments yet: start with `alerts load " in said.out


def test_plan_covers_the_window_that_is_asked_for(loaded: Alerts) -> None:
    rows = loaded("plan", "--from", "2025-10-29T09:00Z", "--days", "1", "--json").json
    assert [(row["at"], row["commitment"], row["kind"], row["offset"]) for row in rows] == [
        ("2025-10-29T09:00:00Z", "summit", "before", "P1D")
    ]
    columns = "at moment rule commitment occurrence kind offset channels to silenced_until hours_begin"
    assert list(rows[0]) == columns.split()
    after = loaded("plan", "--from", "2025-10-29T09:00:01Z", "--days", "1", "--json").json
    assert [row["at"] for row in after] == ["2025-10-30T09:00:00Z"] * 2


def test_plan_says_what_is_due_already_and_goes_out_at_the_next_tick(loaded: Alerts) -> None:
    late = "2025-10-28T11:00:00Z"

    def due(*words: str) -> set[str]:
        return {one["commitment"] for one in loaded("plan", *words, "--json").json if one["at"] < late}

    assert due("--at", late) == {"decision", "summit"}
    assert due("--from", late) == set()
    loaded("tick", "--at", late)
    assert due("--at", late) == set()


def test_the_next_alert_is_worked_out_before_a_tick_has_seen_a_change(loaded: Alerts) -> None:
    def shown() -> list[str]:
        row = next(row for row in loaded("list", "--at", NOW, "--json").json if row["key"] == "summit")
        line = next(line for line in loaded("list", "--at", NOW).out.splitlines() if line.startswith("summit "))
        details = loaded("show", "summit", "--at", NOW)
        assert loaded("show", "summit", "--at", NOW, "--json").json["next_alert_at"] == row["next_alert_at"]
        in_details = re.findall("next alert   (.*?) *\n", details.out)[0].strip()
        return [row["next_alert_at"], line.rsplit("  ", 1)[-1].strip(), in_details]

    assert shown() == ["2025-10-28T10:00:00Z", "within a minute", "within a minute"]
    loaded("tick", "--at", NOW)
    assert shown() == ["2025-10-29T09:00:00Z", "Wed 29 Oct 2025 09:00", "Wed 29 Oct 2025 09:00 UTC"]
    loaded("move", "summit", "2026-11-20", "--because", "put off", "--at", NOW)
    assert shown()[1] == "within a minute", "the move itself"
    loaded("tick", "--at", NOW)
    loaded("ack", "summit", "--at", NOW)
    assert shown()[1:] == ["Fri 13 Nov 2026 09:00", "Fri 13 Nov 2026 09:00 UTC"]
    loaded("close", "summit", "--as", "fulfilled", "--at", NOW)
    loaded("tick", "--at", NOW)
    assert "none: it is closed" in loaded("show", "summit", "--at", NOW).out


def test_a_move_is_shown_with_its_reason_its_source_and_what_followed(loaded: Alerts) -> None:
    said = loaded("move", "summit", "2025-11-01", "--because", "put off", "--source", "brief", "--at", NOW)
    assert said.out == (
        "summit moved: Thu 30 Oct 2025 → Sat 1 Nov 2025\ndecision follows: Fri 31 Oct 2025 → Sun 2 Nov 2025\n"
        "  summit: next alert: within a minute, 7 days before, to box\n"
        "  decision: next alert: within a minute, 7 days before, to box\n"
    )
    shown = " ".join(loaded("show", "summit").out.split())
    assert "Thu 30 Oct 2025 → Sat 1 Nov 2025 desk put off · source brief" in shown
    assert "because summit moved" in " ".join(loaded("show", "decision").out.split())
    told = loaded("show", "summit", "--json").json
    assert [(one["what"], one["reason"]) for one in told["history"]][-1] == ("moved", "put off")
    assert told["source"] == {"key": "brief", "locator": None, "quote": None}


def test_a_move_to_where_it_stands_changes_nothing(loaded: Alerts) -> None:
    said = loaded("move", "summit", "2025-10-30", "--because", "again", "--at", NOW)
    assert said.out == "summit already has this deadline: nothing changed\n"


def test_an_acknowledgement_until_a_day_holds_through_that_day(loaded: Alerts) -> None:
    said = loaded("ack", "summit", "--until", "2025-11-05", "--by", "Ann [red]", "--at", "2025-10-31T20:00Z")
    assert said.out == (
        "summit is acknowledged by Ann [red]: reminders paused until Thu 6 Nov 2025 00:00 UTC\n"
        "  next alert: within a minute, 7 days before, to box\n"
    )
    seen = loaded("list", "--json").json[0]["acknowledged"]
    assert seen == {
        "by": "Ann [red]", "at": "2025-10-31T20:00:00Z", "until": "2025-11-06T00:00:00Z", "stage": "overdue"
    }  # fmt: skip
    assert "by Ann [red] on Fri 31 Oct 2025 20:00, until Thu 6 Nov 2025 00:00" in loaded("show", "summit").out


def test_what_is_closed_leaves_the_list_but_can_be_shown(loaded: Alerts) -> None:
    assert loaded("close", "summit", "--as", "fulfilled", "--at", NOW).out == (
        "summit is closed: fulfilled\n  no alert follows\n"
    )
    assert [row["key"] for row in loaded("list", "--json").json] == ["decision"]
    assert {row["key"] for row in loaded("list", "--closed", "--json").json} == {"summit", "decision"}
    assert "state        fulfilled" in loaded("show", "summit").out


@pytest.mark.parametrize(
    ("expression", "kind", "earliest", "latest"),
    [
        ("2025-11-10", "on", "2025-11-10T00:00:00Z", "2025-11-11T00:00:00Z"),
        ("2025-11-10T09:00", "on", "2025-11-10T09:00:00Z", "2025-11-10T09:00:00Z"),
        ("after 2025-11-10", "after", "2025-11-11T00:00:00Z", None),
        ("by 2025-11-10", "by", None, "2025-11-11T00:00:00Z"),
        ("between 2025-11-01 and 2025-11-10", "between", "2025-11-01T00:00:00Z", "2025-11-11T00:00:00Z"),
        ("within P1M of 2025-11-01", "within", "2025-11-01T00:00:00Z", "2025-12-02T00:00:00Z"),
        ("undated (tbd)", "undated", None, None),
        ("P1Y after summit", "shifted", "2026-10-30T00:00:00Z", "2026-10-31T00:00:00Z"),
        ("during summit", "during", "2025-10-30T00:00:00Z", "2025-10-31T00:00:00Z"),
    ],
)
def test_resolve_says_what_each_kind_means(
    expression: str, kind: str, earliest: str | None, latest: str | None, loaded: Alerts
) -> None:
    told = loaded("resolve", expression, "--timezone", "UTC", "--json").json
    assert list(told) == ["expression", "kind", "earliest", "latest", "timezone", "explanation", "basis", "assumptions"]
    assert (told["kind"], told["earliest"], told["latest"]) == (kind, earliest, latest)
    assert told["basis"]
    assert loaded("resolve", expression, "--timezone", "UTC").out.startswith("read as")


def test_show_names_tags_and_how_it_stands_and_leaves_out_old_reminders(
    loaded: Alerts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(show_command, "MAX_REMINDERS_SHOWN", 1)
    loaded("tick", "--at", NOW)
    loaded("tick", "--at", "2025-10-29T09:00Z")
    lines = [" ".join(line.split()) for line in loaded("show", "summit", "--at", "2025-10-29T10:00Z").out.splitlines()]
    assert {"state open, in 1 day", "tags truce", "1 earlier: `alerts why summit --all` lists them"} < {*lines}
    assert not [line for line in loaded("show", "summit").out.splitlines() if line != line.rstrip()]


def test_resolve_shows_what_its_page_says(alerts: Alerts) -> None:
    page = (Path(__file__).parents[2] / "docs/deadlines.md").read_text()
    command, shown = page.split("```console\n$ alerts ")[1].split("```")[0].split("\n", 1)
    assert alerts(*shlex.split(command)).out == shown


def test_resolve_counts_and_rolls_on_the_calendars_that_it_is_told(alerts: Alerts) -> None:
    found = alerts("resolve", "5 business days after 2025-12-24", "--calendars", "US, CN", "--json").json
    # 26, 29, 30, 31 December and 5 January: 1 and 2 are off, 4 is a working Sunday in China only; from UTC+14 on
    assert found["earliest"] == "2026-01-04T10:00:00Z"
    rolled = alerts(
        "resolve", "2026-01-01/..", "--timezone", "UTC", "--calendars", "US", "--roll", "following", "--json"
    )
    assert (rolled.json["expression"], rolled.json["latest"]) == ("2026-01-01/..", None)
    moved = alerts("resolve", "2026-01-01", "--timezone", "UTC", "--calendars", "US", "--roll", "following")
    assert "rolled from Thu 1 Jan 2026 (New Year's Day in US) to Fri 2 Jan 2026" in " ".join(moved.out.split())


@pytest.mark.parametrize(
    ("option", "says"),
    [
        (("--calendars", "US,ZZ"), "unknown calendar 'ZZ'"),
        (("--roll", "folowing"), "no such roll as 'folowing'; did you mean 'following'?"),
        (("--timezone", "Mars"), "unknown time zone 'Mars'"),
    ],
)
def test_resolve_says_which_option_is_wrong(option: tuple[str, str], says: str, alerts: Alerts) -> None:
    said = alerts("resolve", "2025-11-10", *option)
    assert (said.code, said.out) == (1, "")
    assert says in said.err


@pytest.mark.parametrize(("channel", "begins"), [("box", "Subject: "), ("chat", "{"), ("hook", "{")])
def test_a_preview_is_the_message_as_the_channel_has_it(channel: str, begins: str, loaded: Alerts) -> None:
    said = loaded("preview", "desk", "summit", "--at", NOW, "--channel", channel)
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith(begins)
    assert "The summit" in said.out
    assert begins == "Subject: " or json.loads(said.out)


def test_a_preview_of_a_mail_can_be_looked_at_in_a_browser(loaded: Alerts, home: Path) -> None:
    assert loaded("preview", "desk", "summit", "--at", NOW, "--html", "x.html").out == "wrote x.html\n"
    assert "<html" in (home / "x.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("channel", ["chat", "hook"])
def test_a_test_message_that_is_refused_is_one_line_without_the_address(channel: str, alerts: Alerts) -> None:
    said = alerts("send-test", channel, "--at", NOW)
    assert (said.code, said.out, said.err) == (1, "", f"alerts: {channel}: 127.0.0.1: Connection refused\n")


def test_a_test_message_puts_nothing_into_a_calendar(alerts: Alerts, home: Path) -> None:
    assert alerts("send-test", "box", "--at", NOW).code == 0
    (mail,) = (home / "mail/new").iterdir()
    assert b"multipart/alternative" in mail.read_bytes()
    assert b"calendar" not in mail.read_bytes()


def test_a_dead_delivery_is_seen_tried_again_and_dismissed(loaded: Alerts, home: Path, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/gone").respond_with_data("", 410)
    config = CONFIG.replace("{env: HOOK}", json.dumps(httpserver.url_for("/gone"))).replace("[box]", "[hook]")
    (home / "config/alerts.yaml").write_text(config)
    assert loaded("tick", "--at", NOW, "--json").json == {"planned": 2, "dead": 2}
    one, two = (row["id"] for row in loaded("deliveries", "--state", "dead", "--json").json)
    assert "alerts: 2 deliveries are dead: " in loaded("health", "--at", NOW).err
    assert loaded("retry", one[:8], "--at", NOW).out == f"{one[:8]} is retried within a minute\n"
    assert loaded("tick", "--at", NOW, "--json").json == {"planned": 0, "dead": 1}
    for each in (one, two):
        assert loaded("dismiss", each).out == f"{each[:8]} is dismissed\n"
    refused = (
        f"alerts: delivery {one[:8]} is dismissed: `alerts dismiss` takes what is pending, retry, leased, dead or "
        "bounced\n"
    )
    assert loaded("dismiss", one).err == refused
    assert loaded("deliveries", "--state", "dead").out == "no deliveries that are dead\n"
    assert "dead" not in loaded("health", "--at", NOW).err


def test_an_id_that_no_delivery_has_is_refused(loaded: Alerts) -> None:
    loaded("tick", "--at", NOW)
    for id_ in ("%", "_", "", "zz", "00000000-0000-0000-0000-000000000000x"):
        said = loaded("dismiss", id_)
        assert (said.code, said.out, said.err.count("\n")) == (1, "", 1)
        assert said.err.endswith(": see `alerts deliveries`\n")


def test_health_without_a_daemon_says_so_and_ends_with_1(loaded: Alerts) -> None:
    silent = "no daemon is running, or it has done nothing for five minutes: start `alerts run`"
    for words in (["health"], ["health", "--live"]):
        assert loaded(*words).err == f"alerts: {silent}\n"
        assert loaded(*words).code == 1
    assert loaded("health", "--json").json == [{"problem": silent}]


def test_a_narrow_terminal_breaks_no_line_of_an_error(loaded: Alerts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    assert loaded("health").err.count("\n") == 1


def test_health_tells_of_an_empty_house(alerts: Alerts, home: Path) -> None:
    (home / "config/alerts.yaml").write_text("channels: {c: {kind: console}}\n")
    lines = alerts("health").err.splitlines()
    assert "alerts: no open commitments: nothing is watched" in lines
    assert "alerts: all channels are local: no alert leaves this machine" in lines


def test_check_warns_of_what_nobody_will_be_told(loaded: Alerts, home: Path) -> None:
    (home / "more.yaml").write_text(
        "commitments:\n"
        "  - {key: lonely, title: Lonely, deadline: 2025-12-01}\n"
        "  - {key: silent, title: Silent, deadline: undated, tags: [truce]}\n"
    )
    assert loaded("load", "more.yaml", "--at", NOW).err == "warning: no rule matches lonely: no alerts\n"
    (home / "config/alerts.yaml").write_text(CONFIG[: CONFIG.index("  chat:")] + CONFIG[CONFIG.index("rules:") :])
    said = loaded("check", "--at", NOW)
    assert said.code == 0
    assert said.err.splitlines() == [
        "warning: lonely: no rule matches, so no alerts go out",
        "warning: silent: no alerts in the next ten years",
        "warning: all channels are local: no alert leaves this machine",
    ]


def test_the_shipped_configuration_says_that_it_is_used(
    alerts: Alerts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    said = alerts("list")
    assert said.code == 0
    assert said.err.startswith("no ./config here: using the shipped configuration")
    assert "there is no database at" in said.err.splitlines()[1]
    assert said.err.count("\n") == 2


def test_a_log_line_shows_no_secret(loaded: Alerts, home: Path) -> None:
    (home / "config/alerts.yaml").write_text(CONFIG.replace("[box]", "[chat, hook]"))
    said = loaded("tick", "--at", NOW)
    assert said.code == 0
    assert "Connection refused (retry)" in said.err
    assert "SECRET" not in said.err + said.out
    assert logging.root.handlers


def test_the_plan_reads_as_people_speak_and_names_the_rule(loaded: Alerts) -> None:
    lines = loaded("plan", "--days", "20", "--at", NOW).out.splitlines()
    rows = [re.split("  +", line) for line in lines[1:]]
    assert re.split("  +", lines[0]) == ["at (UTC)", "commitment", "alert", "rule", "to"]
    assert [row for row in rows if row[1] == "summit"][:5] == [
        ["within a minute", "summit", "7 days before, late", "desk", "box"],
        ["Wed 29 Oct 2025 09:00", "summit", "1 day before", "desk", "box"],
        ["Thu 30 Oct 2025 09:00", "summit", "on the day", "desk", "box"],
        ["Fri 31 Oct 2025 09:00", "summit", "1 day overdue", "desk", "box"],
        ["Sat 1 Nov 2025 09:00", "summit", "2 days overdue", "desk", "box"],
    ]


def test_the_plan_counts_days_overdue_up_to_the_day_of_the_alert(loaded: Alerts, home: Path) -> None:
    (home / "config/alerts.yaml").write_text(CONFIG.replace("0 9 * * *", "0 9 * * mon"))
    lines = loaded("plan", "--from", "2025-12-30T00:00Z", "--days", "14", "--at", NOW).out.splitlines()
    rows = [re.split("  +", line) for line in lines]
    assert [(row[0], row[2]) for row in rows if row[1] == "summit"] == [
        ("Mon 5 Jan 2026 09:00", "67 days overdue"),  # its moment was on Thu 1 Jan, and the cron fires on Mondays
        ("Mon 12 Jan 2026 09:00", "74 days overdue"),
    ]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_listing_on_a_terminal_cuts_no_name(
    width: int, loaded: Alerts, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("owners-of-everything-that-is-due", "mail-of-the-policy-team")
    config = CONFIG.replace("name: desk", f"name: {names[0]}").replace("box", names[1])
    (home / "config/alerts.yaml").write_text(config)
    loaded("tick", "--at", NOW)
    terminal = Terminal(is_terminal=True, has_styles=False, width=width)
    for module in (plan_command, delivery_commands, explained_alerts, show_command):
        monkeypatch.setattr(module, "out", terminal)
    for words, shown in (
        (["plan", "--at", NOW], names),
        (["deliveries"], names[1:]),
        (["why", "summit", "--at", NOW], names),
        (["show", "summit"], names),
    ):
        out = loaded(*words).out
        assert max(map(len, out.splitlines())) <= width, words
        assert all(name in out for name in shown), words


def test_the_plan_says_within_how_many_days_nothing_is_said(loaded: Alerts) -> None:
    loaded("tick", "--at", "2025-10-28T12:00Z")
    assert loaded("plan", "--from", "2025-10-27T12:00Z", "--days", "1").out == (
        "no alerts in the next day (to Tue 28 Oct 2025 12:00 UTC)\n"
    )
    assert loaded("plan", "--from", "2025-10-21T12:00Z", "--days", "3").out == (
        "no alerts in the next 3 days (to Fri 24 Oct 2025 12:00 UTC)\n"
    )


def test_deliveries_of_one_time_are_listed_by_commitment_and_channel(alerts: Alerts, home: Path) -> None:
    config = CONFIG.replace("notify: [box]", "notify: [side, box]\n    digest: false")
    (home / "config/alerts.yaml").write_text(
        config.replace("rules:", "  side: {kind: maildir, path: side, to: [you@localhost]}\nrules:")
    )
    entries = [f"  - {{key: k{n}, title: K, deadline: 2025-10-30, timezone: UTC, tags: [truce]}}" for n in (4, 2, 1, 3)]
    (home / "k.yaml").write_text("\n".join(["commitments:", *entries]))
    alerts("load", "k.yaml", "--at", NOW)
    alerts("tick", "--at", NOW)
    alerts("tick", "--at", "2025-10-29T09:00Z")
    rows = [(row["created_at"], *row["carries"], row["channel"]) for row in alerts("deliveries", "--json").json]
    assert len(rows) == 16
    assert rows == sorted(rows)
