"""People and owners on the command line: loading, adding, exporting, looking ahead, and what has no owner."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from alerts.core.schedule.moments import Moment
from tests.cli.conftest import NOW, Alerts, SetUpOnce

CONFIG = """\
people:
  - {key: ana, name: Ana Lopez, email: ana@example.org, timezone: Asia/Tokyo}
channels:
  box: {kind: maildir, path: mail, to: [you@localhost], default: true}
  log: {kind: console}
rules:
  - name: desk
    cron: "0 9 * * *"
    match: {tags: [truce]}
    remind: {before: [P7D, P1D], on_the_day: true}
    notify: [owner, log]
  - name: quiet
    cron: "0 9 * * *"
    match: {tags: [quiet]}
    remind: {on_the_day: true}
    notify: [owner]
"""
FILE = """\
people: [{key: bo, name: Bo, email: bo@example.org}]
commitments:
  - {key: a, title: A, deadline: 2025-11-10, timezone: UTC, tags: [truce], owner: ana}
  - {key: b, title: B, deadline: 2025-11-10, timezone: UTC, tags: [truce], owner: bo}
  - {key: c, title: C, deadline: 2025-11-10, timezone: UTC, tags: [truce]}
  - {key: d, title: D, deadline: 2025-11-10, timezone: UTC, tags: [quiet]}
"""


@pytest.fixture
def owned(alerts: Alerts, home: Path) -> Alerts:
    (home / "config/alerts.yaml").write_text(CONFIG)
    (home / "file.yaml").write_text(FILE)
    return alerts


@pytest.fixture
def followed(owned: Alerts, set_up_once: SetUpOnce) -> Alerts:
    def set_up() -> None:
        said = owned("load", "file.yaml", "--at", NOW)
        assert (said.code, said.out.splitlines()[0]) == (0, "loaded: 4 new, 0 changed, 0 moved, 0 unchanged")

    set_up_once(set_up)
    return owned


def test_an_owner_whom_nobody_declares_is_not_loaded(owned: Alerts, home: Path) -> None:
    (home / "x.csv").write_text("key,title,deadline,owner\nr1,A,undated,anna\n")
    assert owned("load", "x.csv").err == (
        "alerts: x.csv:D2: owner: no person has the key \"anna\": declare them under `people:`; did you mean 'ana'?\n"
    )
    assert owned("add", "r1", "A", "undated", "--owner", "anna").err == (
        "alerts: no person has the key 'anna'; did you mean 'ana'?\n"
    )


def test_a_person_of_the_settings_is_declared_by_no_file(owned: Alerts, home: Path) -> None:
    (home / "file.yaml").write_text(FILE.replace("key: bo, name: Bo", "key: ana, name: Ana"))
    assert owned("load", "file.yaml").err.splitlines()[0] == (
        'alerts: file.yaml:1: the person "ana" is declared in the settings: take one of the two away'
    )


def test_a_table_may_name_people_of_a_file_before_it_and_of_the_store(followed: Alerts, home: Path) -> None:
    (home / "x.csv").write_text("key,title,deadline,owner\nr1,A,undated,bo\nr2,A,undated,ana\n")
    assert followed("load", "x.csv", "--at", NOW).out.startswith("loaded: 2 new,")


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_what_is_exported_has_the_people_of_files_and_loads_again_and_changes_nothing(
    followed: Alerts, home: Path, form: str
) -> None:
    followed("export", "-o", f"out.{form}", "--at", NOW)
    text = (home / f"out.{form}").read_text()
    assert "bo@example.org" in text
    assert "ana@example.org" not in text
    assert followed("load", f"out.{form}", "--at", NOW).out.startswith("loaded: 0 new, 0 changed, 0 moved, 4 unchanged")
    followed("export", "-o", f"again.{form}", "--at", NOW)
    assert (home / f"again.{form}").read_text() == text


def test_the_plan_names_the_channel_that_mails_an_owner_where_there_is_one(followed: Alerts) -> None:
    words = followed("plan", "--days", "30", "--at", NOW, "--json").json
    told = {(word["commitment"], tuple(word["channels"])) for word in words}
    assert told == {("a", ("box", "log")), ("b", ("box", "log")), ("c", ("log",))}


def test_check_names_what_has_no_owner_and_whom_its_rule_tells_instead(followed: Alerts) -> None:
    said = followed("check", "--at", NOW)
    assert said.code == 0
    assert "warning: c: it has no owner, so rule desk reaches log only\n" in said.err
    assert "warning: d: it has no owner, so rule quiet reaches nobody\n" in said.err
    assert "d: no reminders in" not in said.err


def test_an_owner_who_is_gone_from_the_settings_is_named(followed: Alerts, home: Path) -> None:
    (home / "config/alerts.yaml").write_text(CONFIG.replace("key: ana", "key: ada"))
    assert (
        "warning: a: its owner ana is not declared in `people`, so rule desk reaches log only" in followed("check").err
    )
    assert "ana (not declared in `people`)" in followed("show", "a").out


def test_dry_runs_count_what_owners_whom_the_file_brings_would_be_told(owned: Alerts, home: Path) -> None:
    (home / "file.yaml").write_text(FILE.replace("tags: [truce], owner: bo", "tags: [quiet], owner: bo"))
    assert "no alerts go out now" in owned("load", "file.yaml", "--dry-run", "--at", NOW).out
    late = owned("load", "file.yaml", "--dry-run", "--at", "2025-11-10T12:00Z").out
    assert "3 alerts go out within a minute" in late
    assert "3 alerts go out within a minute" in owned("load", "file.yaml", "--at", "2025-11-10T12:00Z").out


def test_preview_shows_the_word_as_its_owner_reads_it(followed: Alerts) -> None:
    shown = followed("preview", "desk", "a", "--at", NOW)
    assert "Ana Lopez" in shown.out
    assert "Asia/Tokyo" in shown.out
    assert followed("preview", "quiet", "d", "--at", NOW).err == (
        "alerts: d: it has no owner, so rule quiet reaches nobody\n"
    )


def test_why_says_that_a_rule_reaches_nobody(followed: Alerts) -> None:
    assert "it reaches nobody: it has no owner" in followed("why", "d", "--at", NOW).out


def test_a_tick_mails_owners_by_name_in_their_zone(followed: Alerts, home: Path) -> None:
    followed("tick", "--at", NOW)
    followed("tick", "--at", "2025-11-03T09:00Z")
    mails = [path.read_text() for path in (home / "mail/new").iterdir()]
    assert sorted(next(line for line in mail.splitlines() if line.startswith("To:")) for mail in mails) == [
        "To: ana@example.org",
        "To: bo@example.org",
    ]
    (hers,) = [mail for mail in mails if "To: ana@" in mail]
    assert "owner: Ana Lopez" in hers
    assert "Asia/Tokyo" in hers


SUMS = """\
  - name: mondays
    cron: "0 8 * * mon"
    match: {}
    summary: {horizon: P2W}
    notify: [owner, log]
"""


def test_a_summary_is_foretold_previewed_and_listed_among_what_was_sent(followed: Alerts, home: Path) -> None:
    (home / "config/alerts.yaml").write_text(CONFIG + SUMS)
    words = followed("plan", "--days", "7", "--at", NOW, "--json").json
    (one,) = [word for word in words if word["kind"] == "summary"]
    assert (one["at"], one["commitment"], one["channels"]) == ("2025-11-03T08:00:00Z", None, ["box", "log"])
    lines = [line.split() for line in followed("plan", "--days", "7", "--at", NOW).out.splitlines()]
    assert ["–", "summary", "mondays", "each", "owner", "(box),", "log"] in [line[5:] for line in lines]
    shown = followed("preview", "mondays", "--at", NOW).out
    assert shown.startswith("Subject: 4 due by Mon 17 Nov: summary\n")
    followed("preview", "mondays", "--channel", "box", "--html", "s.html", "--at", NOW)
    assert "No owner" in (home / "s.html").read_text()
    followed("tick", "--at", NOW)
    assert '"planned": 3' in followed("tick", "--at", "2025-11-03T08:00Z", "--json").out
    listed = followed("deliveries", "--json").json
    assert sorted(row["recipient"] for row in listed if row["summary"]) == ["", "ana@example.org", "bo@example.org"]
    assert "it sends only summaries" in followed("why", "a", "--at", NOW).out


PAGER = CONFIG.replace("rules:\n", "  pager: {kind: pagerduty, routing_key: %s}\nrules:\n" % ("a" * 32), 1)


def test_the_plan_foretells_no_summary_where_nobody_gets_one_and_check_says_so(followed: Alerts, home: Path) -> None:
    def foretold(notify: str, match: str = "{}") -> list[list[str]]:
        sums = SUMS.replace("[owner, log]", notify).replace("match: {}", f"match: {match}")
        (home / "config/alerts.yaml").write_text(PAGER + sums)
        words = followed("plan", "--days", "7", "--at", NOW, "--json").json
        return [word["channels"] for word in words if word["kind"] == "summary"]

    assert foretold("[owner, pager, log]") == [["box", "log"]]
    assert foretold("[owner, log]", "{tags: [quiet]}") == [["log"]]  # nobody looks after what that matches
    assert foretold("[owner]", "{tags: [quiet]}") == []
    assert "none of its channels takes summaries" not in followed("check", "--at", NOW).err
    assert foretold("[pager]") == []
    nobody = "warning: rule mondays: none of its channels takes summaries, so its summary reaches nobody\n"
    assert nobody in followed("check", "--at", NOW).err
    text = (home / "config/alerts.yaml").read_text()
    (home / "config/alerts.yaml").write_text(text.replace("a" * 32, "{env: NO_SUCH_KEY}"))
    assert followed("plan", "--days", "7", "--at", NOW).code == 0


def test_a_rule_that_sums_nothing_up_has_no_summary_to_show(followed: Alerts) -> None:
    assert followed("preview", "desk").err == (
        "alerts: rule desk has no summary: name a commitment, as in `alerts preview desk KEY`\n"
    )


DEFAULT = CONFIG.replace("rules:", "default_notify: [owner]\nrules:")
LONELY = "commitments: [{key: e, title: E, deadline: 2025-11-01, timezone: UTC}]"


@pytest.fixture
def lonely(alerts: Alerts, home: Path) -> Alerts:
    """Where only `default_notify: [owner]` speaks for a commitment that has no owner."""
    (home / "config/alerts.yaml").write_text(DEFAULT)
    (home / "file.yaml").write_text(LONELY)
    return alerts


def test_what_default_notify_would_tell_an_owner_who_is_not_there_is_said_to_reach_nobody(lonely: Alerts) -> None:
    line = "warning: no alerts for e: it has no owner\n"
    for words in (["--dry-run"], []):
        said = lonely("load", "file.yaml", "--at", NOW, *words)
        assert (said.err, said.out.splitlines()[-1]) == (line, "no alerts go out now")
    lonely("tick", "--at", NOW)
    listed = lonely("list")
    assert listed.err == line
    assert listed.out.splitlines()[1].split()[-2:] == ["no", "recipient"]
    assert [row["next_alert_at"] for row in lonely("list", "--json").json] == [None]


def test_of_what_reaches_nobody_no_next_alert_is_looked_for_until_the_end_of_time(
    lonely: Alerts, monkeypatch: pytest.MonkeyPatch
) -> None:
    lonely("load", "file.yaml", "--at", NOW)
    seen: list[Moment] = []

    def counted(*stated: Any) -> Moment:
        assert len(seen) < 10, "each day until the year 9999 is looked at"
        seen.append(Moment(*stated))
        return seen[-1]

    monkeypatch.setattr("alerts.core.schedule.moments.Moment", counted)
    assert lonely("ack", "e", "--at", NOW).out.splitlines()[-1].strip() == "no alert follows"


def test_check_says_once_that_default_notify_reaches_nobody(lonely: Alerts) -> None:
    lonely("load", "file.yaml", "--at", NOW)
    lines = [line for line in lonely("check", "--at", NOW).err.splitlines() if "warning: e" in line]
    assert lines == ["warning: e: no rule matches, and it has no owner, so default_notify (owner) reaches nobody"]


def test_what_only_follows_up_is_no_alert_and_leaves_the_default_ones(lonely: Alerts, home: Path) -> None:
    follow_up = '  - {name: late, cron: "0 9 * * *", match: {}, remind: {unanswered: {after: P3D}}, notify: [log]}\n'
    (home / "config/alerts.yaml").write_text(CONFIG + follow_up)
    said = lonely("load", "file.yaml", "--at", NOW)
    assert said.err == "warning: only rules with nothing but `unanswered` match e: no alerts\n"
    assert "alerts: only rules with nothing but `unanswered` match e: no alerts\n" in lonely("health").err
    line = "warning: e: only rules with nothing but `unanswered` match, so no alerts go out"
    assert line in lonely("check", "--at", NOW).err.splitlines()
    assert "it only reports alerts that nobody answers" in lonely("why", "e", "--at", NOW).out
    (home / "config/alerts.yaml").write_text(CONFIG + follow_up + "default_notify: [log]\n")
    assert "match e: no alerts" not in lonely("health").err
    assert "no rule matches; alerts go to default_notify (log)" in lonely("check", "--at", NOW).err
    lonely("tick", "--at", NOW)
    assert [row["commitment"] for row in lonely("plan", "--days", "30", "--from", NOW, "--json").json].count("e") > 0


def test_health_names_what_nobody_is_told_of(lonely: Alerts, home: Path) -> None:
    lonely("load", "file.yaml", "--at", NOW)
    assert "alerts: no alerts for e: it has no owner\n" in lonely("health").err
    (home / "config/alerts.yaml").write_text(CONFIG)
    assert "alerts: no rule matches e: no alerts\n" in lonely("health").err


def test_default_notify_is_said_to_tell_only_whom_it_reaches(lonely: Alerts, home: Path) -> None:
    (home / "config/alerts.yaml").write_text(DEFAULT.replace("default_notify: [owner]", "default_notify: [owner, log]"))
    assert lonely("load", "file.yaml", "--at", NOW).err == "no rule matches e: alerts go to default_notify (log)\n"
    lines = [line for line in lonely("check", "--at", NOW).err.splitlines() if "warning: e" in line]
    assert lines == [
        "warning: e: no rule matches, and it has no owner, so default_notify (owner, log) reaches log only"
    ]


def test_preview_of_a_rule_that_only_sums_up_takes_no_key(followed: Alerts, home: Path) -> None:
    (home / "config/alerts.yaml").write_text(CONFIG + SUMS)
    assert followed("preview", "mondays", "a").err == (
        "alerts: rule mondays sends only summaries: leave out the key, as in `alerts preview mondays`\n"
    )


def test_a_rule_that_matches_an_owner_whom_nobody_declares_is_named(followed: Alerts, home: Path) -> None:
    (home / "config/alerts.yaml").write_text(CONFIG.replace("{tags: [quiet]}", "{owner: [anna, bo, ana]}"))
    lines = [line for line in followed("check", "--at", NOW).err.splitlines() if "matches the owner" in line]
    assert lines == [
        "warning: rule quiet matches the owner \"anna\", who is not declared in `people`; did you mean 'ana'?"
    ]
