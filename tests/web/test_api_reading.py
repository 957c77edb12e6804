"""What programs read beyond commitments: dates of deadlines, what goes out next, why, deliveries, rules and people."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alerts.core.absences import Absence
from alerts.store.feeds import FeedFilter
from tests.factories import at, entry, load, party
from tests.web.answering import NOW, Desk
from tests.web.programs import Program


@pytest.fixture
def api(program: Program) -> Program:
    desk = program.desk
    some = [entry("filing", "2026-11-25", owner="bob", tags=("single",)), entry("offer", "2026-12-05", tags=("list",))]
    load(desk.store, *some, parties=[party("cn", "Asia/Shanghai")], now=at("2026-10-01"))
    desk.send()
    return program


def test_a_deadline_is_worked_out_as_on_the_command_line(api: Program) -> None:
    found = api.call("GET", "/resolve?expression=P2D+after+filing&timezone=UTC").json()
    assert found == {
        "expression": "P2D after filing", "kind": "shifted", "dates": found["dates"],
        "earliest": "2026-11-27T00:00:00Z", "latest": "2026-11-28T00:00:00Z", "timezone": "UTC",
        "explanation": found["explanation"], "assumptions": found["assumptions"], "next": [], "warning": None,
    }  # fmt: skip
    assert "27 Nov 2026" in found["dates"]
    shanghai = api.call("GET", "/resolve?expression=2027-01-15&by=cn").json()
    assert shanghai["earliest"] == "2027-01-14T16:00:00Z"
    rolled = api.call("GET", "/resolve?expression=2027-01-02&calendars=US&roll=following").json()
    assert rolled["earliest"] == "2027-01-04T00:00:00Z"
    series = api.call("GET", "/resolve?expression=every+FREQ%3DMONTHLY%3BBYMONTHDAY%3D31+from+2026-12-01").json()
    assert len(series["next"]) == 3
    assert "31" in series["warning"]


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ("", '"expression" is missing'),
        ("?expression=soon", "soon"),
        ("?expression=P2D+after+filling", "no commitment has the key 'filling'; did you mean 'filing'?"),
        ("?expression=2027-01-15&by=us", "no party has the key 'us'"),
        ("?expression=2027-01-15&timezone=Mars", "timezone: "),
        ("?expression=2027-01-15&calendars=Q1", "calendars"),
        ("?expression=earlier+of+" + "+and+".join(f"c{number}" for number in range(60)), ""),
    ],
)
def test_a_deadline_that_cannot_be_worked_out_is_a_problem(api: Program, asked: str, problem: str) -> None:
    answer = api.call("GET", f"/resolve{asked}")
    assert (answer.status_code, problem in answer.json()["detail"]) == (422, True), answer.text


def test_a_series_may_go_on_up_to_the_last_day_that_there_is(api: Program) -> None:
    found = api.call("GET", "/resolve?expression=every+FREQ%3DDAILY+from+9999-12-30").json()
    assert found["next"] == ["Thu 30 Dec 9999", "Fri 31 Dec 9999"]


def test_a_token_of_one_owner_learns_no_dates_of_others(api: Program) -> None:
    bobs = Program(api.desk, "bob")
    assert bobs.call("GET", "/resolve?expression=P2D+after+filing").status_code == 200
    hidden, unknown = (bobs.call("GET", f"/resolve?expression=P2D+after+{key}") for key in ("offer", "offers"))
    assert (hidden.status_code, unknown.status_code) == (422, 422)
    assert hidden.json()["detail"] == unknown.json()["detail"].replace("offers", "offer")


def test_what_goes_out_next_is_listed_as_plan_does(api: Program) -> None:
    found = api.call("GET", "/plan?days=10").json()
    assert (found["is_whole"], found["until"]) == (True, "2026-12-08T09:30:00Z")
    assert [(one["commitment"], one["kind"]) for one in found["items"]][:2] == [
        ("filing", "overdue"), ("filing", "overdue"),
    ]  # fmt: skip
    assert {one["rule"] for one in found["items"]} == {"single", "list"}
    assert found["items"][0]["to"] == ["desk"] or found["items"][0]["channels"] == ["desk"]
    for wrong in ("0", "91", "x"):
        assert api.call("GET", f"/plan?days={wrong}").status_code == 422


def test_why_says_what_became_of_each_alert(api: Program) -> None:
    found = api.call("GET", "/commitments/filing/why").json()
    outcomes = {one["outcome"] for one in found["items"]}
    assert outcomes >= {"sent", "scheduled"}
    sent = [one for one in found["items"] if one["outcome"] == "sent"]
    assert {(two["channel"], two["recipient"]) for one in sent for two in one["deliveries"]} == {
        ("desk", "ann@example.org")
    }
    assert set(found["rules_without"]) == {"cems", "list", "office"}
    assert (found["left_out"], found["without_rule"]) == (0, False)
    wrong = api.call("GET", "/commitments/filing/why?occurrence=2026-01-01")
    assert (wrong.status_code, "does not recur" in wrong.json()["detail"]) == (422, True)
    assert api.call("GET", "/commitments/nothing/why").status_code == 404


def test_deliveries_are_listed_a_page_at_a_time_the_latest_first(api: Program) -> None:
    for day in range(1, 5):
        api.desk.send(now=NOW + timedelta(days=day))
    whole = api.call("GET", "/deliveries?limit=100").json()
    assert whole["next"] is None
    assert len(whole["items"]) >= 5
    times = [one["created_at"] for one in whole["items"]]
    assert times == sorted(times, reverse=True)
    found, cursor = [], ""
    while cursor is not None:
        page = api.call("GET", f"/deliveries?limit=2{cursor and f'&cursor={cursor}'}").json()
        found += page["items"]
        cursor = page["next"]
    assert found == whole["items"]
    first = whole["items"][-1]
    assert (first["channel"], first["recipient"], first["state"]) == ("desk", "ann@example.org", "leased")
    assert {"filing"} <= {key for one in whole["items"] for key in one["commitments"]}
    assert api.call("GET", "/deliveries?state=dead").json() == {"items": [], "next": None}
    for wrong in ("state=lost", "cursor=x", "cursor=2026-01-01T00:00~x", "limit=0"):
        assert api.call("GET", f"/deliveries?{wrong}").status_code == 422


def test_rules_people_and_calendars_are_listed(api: Program, desk: Desk) -> None:
    desk.store.feeds.add("kim", "mine", FeedFilter(tags=("single",)), alarms=False, by="kim", now=NOW)
    away = Absence(person="kim", starts_at=NOW, ends_at=at("2026-12-24"), zone="UTC", recorded_by="x")
    desk.store.absences.record(away, NOW, "shell")
    rules = {one["name"]: one for one in api.call("GET", "/rules").json()["items"]}
    assert [*rules] == ["single", "cems", "list", "office"]
    single = rules["single"]
    assert (single["cron"], single["match"], single["notify"]) == ("0 9 * * *", {"tags": ["single"]}, ["desk"])
    assert (single["remind"]["before"], single["registered_at"]) == (["P7D", "P1D"], "2026-11-28T09:00:00Z")
    people = {one["key"]: one for one in api.call("GET", "/people").json()["items"]}
    assert [*people] == ["ann", "bob", "cem", "kim", "team"]
    assert (people["kim"]["away_until"], people["kim"]["deputy"]) == ("2026-12-24T00:00:00Z", "bob")
    assert (people["cem"]["left_at"], people["cem"]["away_until"]) == ("2026-11-20T00:00:00Z", None)
    (feed,) = api.call("GET", "/feeds").json()["items"]
    assert (feed["name"], feed["person"], feed["state"]) == ("mine", "kim", "in use")
    assert "token_hash" not in feed
    desk.store.feeds.revoke("mine", NOW)
    assert api.call("GET", "/feeds").json()["items"][0]["state"] == "revoked"
