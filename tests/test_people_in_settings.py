"""People, and the channel that mails owners, as the settings state them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from alerts.channels import build
from alerts.core.commitments import Person
from alerts.deadlines.errors import InputError
from alerts.settings import Settings, load_settings

PEOPLE = """\
people:
  - {key: ana, name: Ana Lopez, email: Ana Lopez <ana@example.org>, timezone: Europe/Madrid}
  - {key: bo, name: Bo, email: bo@example.org}
"""
CHANNELS = """\
channels:
  mail: {kind: maildir, path: mail, to: [desk@example.org], default: true}
  log: {kind: console}
"""
RULE = """\
rules:
  - name: desk
    cron: 0 9 * * *
    match: {}
    remind: {moved: true}
    notify: [owner, log]
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("c").mkdir()


def load(text: str) -> Settings:
    Path("c/a.yaml").write_text(text)
    return load_settings(Path("c"), None, {})


def refused(text: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        load(text)
    return str(caught.value).splitlines()


def test_people_and_the_channel_that_mails_owners_are_read() -> None:
    found = load(PEOPLE + CHANNELS + RULE)
    assert found.people == (
        Person(key="ana", name="Ana Lopez", email="ana@example.org", timezone="Europe/Madrid"),
        Person(key="bo", name="Bo", email="bo@example.org"),
    )
    assert (found.owners_channel, found.rules[0].notify) == ("mail", ("owner", "log"))
    (channel,) = [entry for entry in found.channels if entry.name == "mail"]
    assert build(channel.name, channel.kind, found.resolve_options(channel)).default


def test_no_channel_is_marked_unless_it_is_stated() -> None:
    assert load("channels: {mail: {kind: maildir, path: mail, to: [a@example.org]}}").owners_channel is None


WRONG = [
    (
        "people: [{key: ana, name: Ana, email: 'a@example.org, b@example.org'}]",
        (
            "c/a.yaml:1: people[0].email: expected exactly one mail address, found 2: one entry each, "
            "found `a@example.org, b@example.org`"
        ),
    ),
    (
        "people: [{key: ana, name: Ana, email: a@example.org, timezone: Madrid}]",
        (
            "c/a.yaml:1: people[0].timezone: unknown time zone 'Madrid': expected an IANA name such as "
            "America/New_York; did you mean 'Europe/Madrid'?"
        ),
    ),
    ("people: [{key: ana, name: Ana}]", 'c/a.yaml:1: "people[0].email" is missing'),
    (
        "people:\n  - {key: ana, name: A, email: a@example.org}\n  - {key: ana, name: B, email: b@example.org}",
        'c/a.yaml:3: the person "ana" is used twice, first at c/a.yaml:2',
    ),
    (
        "channels:\n  owner: {kind: console}",
        'c/a.yaml:2: channels.owner: "owner" in `notify` is whoever looks after a commitment: choose another name',
    ),
    (
        CHANNELS + "  more: {kind: email, default: true}",
        'c/a.yaml:4: channels.more.default: "mail" is marked already (c/a.yaml:2): only one can mail owners',
    ),
    (
        CHANNELS.replace(", default: true", "") + RULE,
        'c/a.yaml:9: "owner" has no channel: mark the one that mails owners with `default: true`',
    ),
    (
        "default_notify: [owner]",
        'c/a.yaml:1: "owner" has no channel: mark the one that mails owners with `default: true`',
    ),
    (
        CHANNELS + "operators: [owner]",
        'c/a.yaml:4: "owner" can stand in `notify` and default_notify only: name a channel',
    ),
    (
        CHANNELS + RULE + "    fallback: owner",
        'c/a.yaml:10: "owner" can stand in `notify` and default_notify only: name a channel',
    ),
]


@pytest.mark.parametrize(("text", "line"), WRONG)
def test_what_is_wrong_is_one_line_with_its_place(text: str, line: str) -> None:
    assert refused(text) == [line]


def test_owners_may_be_told_of_what_no_rule_matches() -> None:
    assert load(CHANNELS + "default_notify: [owner]").rules[0].notify == ("owner",)


def test_only_a_channel_that_mails_can_be_marked() -> None:
    said = "channels.log.default: only email and maildir can be the default, which mails the owners"
    with pytest.raises(InputError, match=rf"^{re.escape(said)}$"):
        build("log", "console", {"default": True})


SUMS = "rules: [{name: weekly, cron: 0 8 * * mon, match: {}, notify: [log], summary: {horizon: 2 weeks}}]\n"


def test_a_rule_may_sum_up_beside_its_reminders_or_alone() -> None:
    (alone,) = load(CHANNELS + SUMS).rules
    assert (alone.summary, alone.sends_alerts) == ("P14D", False)
    (both,) = load(CHANNELS + RULE + "    summary: {horizon: P1M}\n").rules
    assert (both.summary, both.sends_alerts) == ("P1M", True)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            SUMS.replace(", summary: {horizon: 2 weeks}", ""),
            'c/a.yaml:4: "rules[0].remind" or "rules[0].summary" is missing',
        ),
        (SUMS.replace("2 weeks", "PT48H"), "c/a.yaml:4: rules[0].summary.horizon: expected whole days, such as P30D"),
        (
            SUMS.replace("{horizon: 2 weeks}", "{}"),
            'c/a.yaml:4: "rules[0].summary.horizon" is missing, as in {horizon: P30D}',
        ),
        (
            SUMS.replace("{horizon: 2 weeks}", "true"),
            "c/a.yaml:4: rules[0].summary: expected a mapping, such as {horizon: P30D}",
        ),
    ],
)
def test_a_summary_needs_a_horizon_of_whole_days(text: str, line: str) -> None:
    assert [one[: len(line)] for one in refused(CHANNELS + text)] == [line]


@pytest.mark.parametrize("horizon", ["P100Y", "P25M", "P2Y1D", "P733D", "P9999Y", "105 weeks"])
def test_a_summary_looks_ahead_two_years_at_most(horizon: str) -> None:
    (line,) = refused(CHANNELS + SUMS.replace("2 weeks", horizon))
    assert line.startswith(f"c/a.yaml:4: rules[0].summary.horizon: expected two years at most, found {horizon!r}: ")


@pytest.mark.parametrize("horizon", ["P2Y", "P24M", "P1Y12M", "P732D", "104 weeks"])
def test_two_years_are_no_longer_than_that_however_they_are_written(horizon: str) -> None:
    assert load(CHANNELS + SUMS.replace("2 weeks", horizon)).rules[0].summary


def test_a_person_is_a_viewer_unless_the_settings_state_another_role() -> None:
    stated = PEOPLE.replace("key: ana,", "key: ana, role: editor, shared: true,")
    found = load(stated + CHANNELS + RULE)
    assert found.roles == {"ana": "editor", "bo": "viewer"}
    assert found.shared_addresses == {"ana@example.org"}
    assert found.people == load(PEOPLE + CHANNELS + RULE).people


def test_an_unknown_role_is_an_error() -> None:
    assert refused(PEOPLE.replace("key: bo,", "key: bo, role: root,") + CHANNELS + RULE) == [
        "c/a.yaml:3: people[1].role: expected one of viewer, editor, admin, found `root`"
    ]


def test_a_deputy_and_the_day_on_which_somebody_has_left_are_read_in_their_zone() -> None:
    people = """\
people:
  - {key: ana, name: Ana, email: ana@example.org, timezone: Asia/Tokyo, deputy: bo, left: 2027-03-31}
  - {key: bo, name: Bo, email: bo@example.org, left: 2027-03-31}
timezone: Europe/Madrid
"""
    ana, bo = load(people + CHANNELS + RULE).people
    assert (ana.deputy, ana.left_at) == ("bo", datetime(2027, 3, 30, 15, tzinfo=UTC))
    assert (bo.deputy, bo.left_at) == (None, datetime(2027, 3, 30, 22, tzinfo=UTC))


@pytest.mark.parametrize(
    ("stated", "problem"),
    [
        ("deputy: boo", "the deputy \"boo\" is not declared in `people`; did you mean 'bo'?"),
        ("deputy: ana", "deputies in a circle (ana → ana): leave one out, or name them with `alerts away`"),
        ("deputy: bo", "deputies in a circle (ana → bo → ana): leave one out, or name them with `alerts away`"),
        ("left: soon", "people[0].left: expected a day such as 2027-03-31, found `soon`"),
    ],
)
def test_deputies_who_are_not_there_circles_and_odd_days_are_refused(stated: str, problem: str) -> None:
    people = f"""\
people:
  - {{key: ana, name: Ana, email: ana@example.org, {stated}}}
  - {{key: bo, name: Bo, email: bo@example.org, deputy: ana}}
"""
    assert refused(people + CHANNELS + RULE) == [f"c/a.yaml:2: {problem}"]
