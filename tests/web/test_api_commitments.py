"""Commitments in the API: filtered lists a page at a time, one with all that is known, edits and actions."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from alerts.core.commitments import Source
from alerts.core.tracked import Tracked
from tests.factories import at, close, entry, load, party
from tests.web.answering import NOW, Desk
from tests.web.programs import Program

TRACKED = (
    entry("audit", "2026-11-20", title="Audit report", owner="ann", tags=("single",), priority="critical"),
    entry("filing", "2026-11-28", title="Filing", owner="bob", tags=("single", "paper")),
    entry("visit", "2026-11-29", title="Visit", tags=("single",)),
    entry("call", "2026-12-03", title="Call", owner="kim", tags=("single",), by=("us",), to=("cn",)),
    entry("lease", "2027-03-01", title="Lease", tags=("list",), note="In the blue binder."),
    entry("plan", "undated", title="Plan", tags=("list",)),
    entry("monthly", "every FREQ=MONTHLY;BYMONTHDAY=-1 from 2026-10-01", title="Statistics", tags=("other",)),
    entry("done", "2026-10-05", title="Done", owner="ann"),
    entry("after", "P2D after filing", title="Answer", tags=("list",)),
)  # fmt: skip
OPEN = {one.commitment.key for one in TRACKED} - {"done"}
NEW = {"key": "offer", "title": "Offer", "deadline": "2027-01-15", "owner": "ann", "tags": ["paper"]}


@pytest.fixture
def api(program: Program) -> Program:
    store = program.desk.store
    load(store, *TRACKED, parties=[party("us"), party("cn")], sources=[Source(key="memo", title="Memo")],
         now=at("2026-10-01"))  # fmt: skip
    close(store, "done", now=at("2026-10-04"))
    return program


def tracked(api: Program, key: str) -> Tracked:
    return api.desk.tracked(key)


def keys(answer: requests.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [one["key"] for one in answer.json()["items"]]


def tag_of(api: Program, key: str) -> dict[str, str]:
    return {"If_Match": api.call("GET", f"/commitments/{key}").headers["ETag"]}


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("", OPEN),
        ("?owner=ann", {"audit"}),
        ("?owner=ann&owner=bob", {"audit", "filing"}),
        ("?tag=paper", {"filing"}),
        ("?party=cn", {"call"}),
        ("?priority=critical", {"audit"}),
        ("?status=overdue", {"audit", "monthly"}),
        ("?overdue=true", {"audit", "monthly"}),
        ("?overdue=false&status=ahead", {"visit", "call", "lease", "after"}),
        ("?status=review", {"plan"}),
        ("?status=acknowledged", {"visit"}),
        ("?due_within=0", {"audit", "monthly"}),
        ("?due_within=3&owner=bob", {"filing"}),
        ("?search=BINDER", {"lease"}),
        ("?search=audit&owner=bob", set()),
        ("?closed=true", {"done"}),
        ("?closed=true&owner=bob", set()),
        ("?closed=true&owner=ann&search=DONE", {"done"}),
    ],
)
def test_lists_are_filtered_as_on_the_command_line(api: Program, asked: str, found: set[str]) -> None:
    api.call("POST", "/commitments/visit/acknowledge", {})
    assert set(keys(api.call("GET", f"/commitments{asked}"))) == found


@pytest.mark.parametrize("asked", ["", "&tag=list&tag=single", "&closed=true"])
def test_pages_follow_each_other_without_a_gap_and_without_twice_the_same(api: Program, asked: str) -> None:
    store = api.desk.store
    more = [entry(f"old-{number}", "2026-10-02") for number in range(4)]
    load(store, *more, now=at("2026-10-01"))
    for one in more:
        close(store, one.commitment.key, now=NOW)
    whole = keys(api.call("GET", f"/commitments?limit=100{asked}"))
    found, cursor = [], ""
    while cursor is not None:
        page = api.call("GET", f"/commitments?limit=2{asked}{cursor and f'&cursor={cursor}'}").json()
        found += [one["key"] for one in page["items"]]
        cursor = page["next"]
        assert len(page["items"]) <= 2
    assert found == whole
    assert len(found) > 4


def test_what_is_added_or_closed_meanwhile_moves_no_other_commitment_to_another_page(api: Program) -> None:
    whole = keys(api.call("GET", "/commitments"))
    first = api.call("GET", "/commitments?limit=3").json()
    load(api.desk.store, entry("early", "2026-10-02"), entry("late", "2029-01-01"), now=at("2026-10-01"))
    close(api.desk.store, first["items"][0]["key"], now=NOW)
    rest = keys(api.call("GET", f"/commitments?cursor={first['next']}"))
    assert [one["key"] for one in first["items"]] + [one for one in rest if one != "late"] == whole
    assert "late" in rest


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ("?owners=ann", "unknown key \"owners\"; did you mean 'owner'?"),
        ("?status=late", "status: expected one of overdue, due, ahead"),
        ("?limit=0", "limit: "),
        ("?limit=101", "limit: "),
        ("?limit=ten", "limit: expected a whole number"),
        ("?limit=5&limit=6", "limit: is stated twice"),
        ("?overdue=yes", "overdue: expected true or false"),
        ("?due_within=-1", "due_within: "),
        ("?cursor=abc", "cursor: take it from `next`"),
        ("?cursor=WyIiLCAiZG9uZSJd", "cursor: take it from `next`"),
        ("?search=%00", "search: holds a line break or a control character"),
        ("?closed=true&status=overdue", "leave out `closed`"),
        ("?closed=true&cursor=WyJ4IiwgImRvbmUiXQ", "cursor: take it from `next`"),
    ],
)
def test_a_list_that_cannot_be_is_a_problem(api: Program, asked: str, problem: str) -> None:
    answer = api.call("GET", f"/commitments{asked}")
    assert (answer.status_code, problem in answer.json()["detail"]) == (422, True), answer.text


def test_an_address_that_takes_no_parameters_says_so(api: Program) -> None:
    answer = api.call("GET", "/commitments/audit?at=now")
    assert (answer.status_code, answer.json()["detail"]) == (
        422, "unknown parameter 'at': this address takes none",
    )  # fmt: skip


def test_a_row_says_what_list_says(api: Program) -> None:
    (row,) = api.call("GET", "/commitments?search=statistics").json()["items"]
    assert row == {
        "key": "monthly", "title": "Statistics", "kind": "obligation", "priority": "normal", "status": "open",
        "answer": None, "by": [], "to": [], "owner": None, "tags": ["other"],
        "deadline": tracked(api, "monthly").commitment.deadline, "when": row["when"], "earliest": None, "latest": None,
        "timezone": None, "stage": "overdue",
        "current_occurrence": {
            "name": "2026-10-31", "earliest": "2026-10-31T00:00:00Z", "latest": "2026-11-01T00:00:00Z",
        },
        "acknowledged": None, "snoozed": None, "own_snoozes": [], "rules": [], "next_alert_at": None, "revision": 1,
    }  # fmt: skip
    assert "31 Oct 2026" in row["when"]


def test_one_is_read_with_its_history_its_next_alerts_and_how_its_date_was_worked_out(api: Program) -> None:
    api.call("POST", "/commitments/filing/snooze", {"until": "2026-12-01", "for": "bob", "past_due": True})
    api.call("POST", "/commitments/filing/note", {"text": "Called."})
    answer = api.call("GET", "/commitments/filing")
    found = answer.json()
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"3"')
    assert [(one["number"], one["what"], one["recorded_by"], one["proof"]) for one in found["history"]] == [
        (1, "recorded", "desk", "shell"),
        (2, "snoozed", "token sap", "token"),
        (3, "edited", "token sap", "token"),
    ]
    assert found["history"][2]["changes"] == {"note": {"before": None, "after": "Called."}}
    assert found["own_snoozes"][0]["recipient"] == "bob@example.org"
    assert found["explanation"] == list(tracked(api, "filing").bounds.explanation)
    assert found["stated"]["tags"] == ["single", "paper"]
    assert found["next_alerts"]
    assert {one["rule"] for one in found["next_alerts"]} == {"single"}
    assert found["rules"] == ["single"]


def test_a_series_is_read_with_its_dates(api: Program) -> None:
    found = api.call("GET", "/commitments/monthly").json()
    assert [one["occurrence"] for one in found["occurrences"]] == ["2026-10-31", "2026-11-30"]
    api.call("POST", "/commitments/monthly/close", {"as": "fulfilled", "occurrence": "2026-10-31"})
    found = api.call("GET", "/commitments/monthly").json()
    assert [one["status"] for one in found["occurrences"]] == ["fulfilled", "open"]
    assert found["current_occurrence"]["name"] == "2026-11-30"


def test_what_is_not_there_is_a_problem_that_names_what_is_near(api: Program) -> None:
    for path in ("/commitments/adit", "/commitments/%00", "/commitments/undated", "/commitments/%ED%A0%80"):
        for method, stated in (("GET", None), ("PATCH", {"title": "x"})):
            answer = api.call(method, path, stated, If_Match="*")
            assert (answer.status_code, "no commitment has the key" in answer.json()["detail"]) == (404, True)
    assert "did you mean 'audit'?" in api.call("GET", "/commitments/adit").json()["detail"]


def test_a_commitment_is_tracked_as_stated(api: Program) -> None:
    stated = NEW | {"by": ["us"], "sources": [{"key": "memo", "locator": "p. 2"}], "note": "Two\nlines."}
    made = api.call("POST", "/commitments", stated)
    assert (made.status_code, made.headers["ETag"], made.json()["key"]) == (201, '"1"', "offer")
    found = api.call("GET", "/commitments/offer").json()
    assert found["stated"] == NEW | {"by": ["us"], "note": "Two\nlines.", "source": stated["sources"][0]}
    assert (found["note"], found["sources"]) == ("Two\nlines.", [{"key": "memo", "locator": "p. 2", "quote": None}])
    assert api.desk.last("offer") == ("recorded", "token sap", "token")
    again = api.call("POST", "/commitments", NEW)
    assert (again.status_code, "offer is tracked already" in again.json()["detail"]) == (422, True)


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"deadline": "soon"}, "deadline: `soon`: "),
        ({"deadline": None}, "deadline: is empty"),
        ({"key": "2027"}, "key: expected a key of up to 100"),
        ({"owner": "nobody"}, "no person has the key 'nobody'"),
        ({"owner": "cem"}, "Cem left on"),
        ({"by": ["xx"]}, "no party has the key 'xx'"),
        ({"source": {"key": "mema"}}, "no source has the key 'mema'; did you mean 'memo'?"),
        ({"deadline": "P2D after nothing"}, "nothing"),
        ({"titel": "x"}, "unknown key \"titel\"; did you mean 'title'?"),
        ({"timezone": "Mars/Base"}, "timezone: "),
        ({"note": "a\u0007"}, "note: holds the control character"),
        ({"tags": "paper"}, "tags: expected a list"),
    ],
)
def test_what_cannot_be_tracked_is_a_problem(api: Program, changed: dict[str, Any], problem: str) -> None:
    before = api.desk.dump()
    answer = api.call("POST", "/commitments", NEW | changed)
    assert (answer.status_code, problem in answer.json()["detail"]) == (422, True), answer.text
    assert api.desk.dump() | {"api_tokens": []} == before | {"api_tokens": []}


def test_an_edit_is_of_what_was_read_and_clears_what_is_null(api: Program) -> None:
    answer = api.call("PATCH", "/commitments/lease", {"title": "New lease", "note": None, "tags": []}, If_Match='"1"')
    assert (answer.status_code, answer.headers["ETag"], answer.json()["title"]) == (200, '"2"', "New lease")
    found = tracked(api, "lease").commitment
    assert (found.title, found.note, found.tags) == ("New lease", None, ())
    for stated, problem in (
        ({}, "nothing to change"), ({"deadline": "2027-01-01"}, "unknown key"), ({"title": None}, '"title" is missing'),
        ({"owner": "nobody"}, "no person has the key 'nobody'"), ({"kind": "x"}, "kind: expected one of"),
    ):  # fmt: skip
        refused = api.call("PATCH", "/commitments/lease", stated, If_Match='"2"')
        assert (refused.status_code, problem in refused.json()["detail"]) == (422, True), refused.text


@pytest.mark.parametrize(
    ("path", "stated"),
    [("", {"title": "x"}), ("/move", {"deadline": "2027-04-01", "reason": "x"}), ("/assign", {"owner": "bob"})],
)
def test_what_replaces_something_says_what_was_read(api: Program, path: str, stated: dict[str, Any]) -> None:
    method, before = "POST" if path else "PATCH", api.desk.history("lease")
    missing = api.call(method, f"/commitments/lease{path}", stated)
    assert (missing.status_code, '`If-Match: "3"`' in missing.json()["detail"]) == (428, True)
    for wrong in ("1", '"1', "", '"1" "2"', 'W/"1"', '"x"', '"0"'):
        answer = api.call(method, f"/commitments/lease{path}", stated, If_Match=wrong)
        assert (answer.status_code, "`If-Match` names no revision" in answer.json()["detail"]) == (412, True)
    for other in ('"2"', '"2", "7"'):
        assert api.call(method, f"/commitments/lease{path}", stated, If_Match=other).status_code == 412
    assert api.desk.history("lease") == before
    assert api.call(method, f"/commitments/lease{path}", stated, If_Match='"7", "1"').status_code == 200
    assert api.call(method, f"/commitments/lease{path}", stated, If_Match="*").status_code == 200


def test_who_comes_second_learns_what_has_changed(api: Program) -> None:
    api.call("PATCH", "/commitments/lease", {"title": "New lease"}, If_Match='"1"')
    api.call("POST", "/commitments/lease/note", {"text": "Signed."})
    late = api.call("PATCH", "/commitments/lease", {"title": "Old lease"}, If_Match='"1"')
    assert (late.status_code, late.headers["ETag"], late.headers["Content-Type"]) == (
        412, '"3"', "application/problem+json",
    )  # fmt: skip
    problem = late.json()
    assert "lease has changed since you read it" in problem["detail"]
    assert "title: `Lease` → `New lease`" in problem["detail"]
    assert [(one["number"], list(one["changes"])) for one in problem["changes"]] == [(2, ["title"]), (3, ["note"])]
    assert tracked(api, "lease").commitment.title == "New lease"


def test_two_at_once_change_one_after_the_other_and_nothing_is_lost(api: Program) -> None:
    with ThreadPoolExecutor(8) as pool:
        tries = pool.map(
            lambda one: api.call("PATCH", "/commitments/lease", {"title": f"Lease {one}"}, If_Match='"1"'), range(8)
        )
        assert sorted(one.status_code for one in tries) == [200] + [412] * 7
    assert tracked(api, "lease").revision == 2


ACTIONS: list[tuple[str, str, dict[str, Any], str]] = [
    ("visit", "acknowledge", {}, "acknowledged"),
    ("audit", "acknowledge", {"until": "2026-12-03", "reason": "Seen."}, "acknowledged"),
    ("lease", "snooze", {"until": "2026-12-24"}, "snoozed"),
    ("lease", "snooze", {"until": "2026-12-24T09:00Z", "for": "ANN@example.org"}, "snoozed"),
    ("lease", "note", {"text": "Two\nlines."}, "edited"),
    ("lease", "move", {"deadline": "2027-04-01", "reason": "They agreed.", "source": "memo"}, "moved"),
    ("lease", "close", {"as": "fulfilled", "reason": "Signed."}, "closed"),
    ("done", "reopen", {"reason": "By mistake."}, "reopened"),
    ("lease", "assign", {"owner": "bob", "reason": "Ann is away."}, "edited"),
    ("monthly", "acknowledge", {"all_occurrences": True}, "acknowledged"),
    ("monthly", "close", {"as": "fulfilled", "occurrence": "2026-10-31"}, "closed"),
]


@pytest.mark.parametrize(("key", "action", "stated", "what"), ACTIONS)
def test_an_action_is_recorded_once_as_by_the_token(
    api: Program, key: str, action: str, stated: dict[str, Any], what: str
) -> None:
    path = f"/commitments/{key}/{action}"
    done = api.call("POST", path, stated, If_Match="*", Idempotency_Key="k")
    assert (done.status_code, done.json()["key"], done.headers["ETag"]) == (200, key, f'"{tracked(api, key).revision}"')
    last = api.desk.history(key)[-1]
    assert (last.what, last.recorded_by, last.proof, last.reason) == (what, "token sap", "token", stated.get("reason"))
    again = api.call("POST", path, stated, If_Match='"1"', Idempotency_Key="k")
    assert (again.status_code, again.json()) == (200, done.json())
    other = api.call("POST", path, stated | {"reason": "Other."}, If_Match="*", Idempotency_Key="k")
    assert other.status_code == 422
    elsewhere = api.call("POST", f"/commitments/filing/{action}", stated, If_Match="*", Idempotency_Key="k")
    assert (elsewhere.status_code, "used for another request" in elsewhere.json()["detail"]) == (422, True)
    assert api.desk.history(key)[-1] == last


def test_an_answer_is_taken_back(api: Program) -> None:
    api.call("POST", "/commitments/visit/acknowledge", {})
    assert api.call("POST", "/commitments/visit/unacknowledge", {}).json()["acknowledged"] is None
    again = api.call("POST", "/commitments/visit/unacknowledge", {})
    assert (again.status_code, "nothing to take back" in again.json()["detail"]) == (422, True)


def test_what_depends_on_a_move_moves_along(api: Program) -> None:
    moved = api.call("POST", "/commitments/filing/move", {"deadline": "2026-12-10", "reason": "x"}, If_Match='"1"')
    assert moved.json()["latest"] == "2026-12-11T00:00:00Z"
    assert api.desk.history("after")[-1].cause == "filing"


@pytest.mark.parametrize(
    ("path", "stated", "problem"),
    [
        ("lease/acknowledge", {"until": "2026-11-01"}, "until: 2026-11-01 has passed already"),
        ("lease/acknowledge", {"until": "9999-12-31"}, "9999-12-31"),
        ("lease/acknowledge", {"until": "9999-12-30T00:00Z"}, "too far ahead"),
        ("lease/acknowledge", {"occurrence": "2026-01-01"}, "does not recur"),
        ("monthly/acknowledge", {}, "monthly recurs"),
        ("monthly/acknowledge", {"occurrence": "2026-10-31", "all_occurrences": True}, "name one date"),
        ("lease/snooze", {"until": "2028-01-01"}, "overdue"),
        ("lease/snooze", {"until": "2026-12-24", "for": "nobody"}, "neither a declared person nor a recipient"),
        ("lease/note", {"text": " "}, "text: is empty"),
        ("lease/move", {"deadline": "soon", "reason": "x"}, "soon"),
        ("lease/move", {"deadline": "P1D after lease", "reason": "x"}, "lease"),
        ("lease/move", {"deadline": "2027-01-01"}, '"reason" is missing'),
        ("lease/move", {"deadline": "2027-01-01", "reason": "x", "source": "no"}, "no source has the key 'no'"),
        ("lease/move", {"deadline": "2027-01-01", "reason": "x", "source_quote": "q"}, "name the source too"),
        ("lease/close", {"as": "cancelled"}, "lease is no notice"),
        (
            "lease/close",
            {"as": "open"},
            "as: expected one of fulfilled, breached, withdrawn, cancelled, renewed, found `open`",
        ),
        ("lease/close", {}, '"as" is missing'),
        ("done/close", {"as": "fulfilled"}, "done is closed (fulfilled)"),
        ("lease/reopen", {"reason": "x"}, "lease is open"),
        ("lease/assign", {"owner": "nobody"}, "no person has the key 'nobody'"),
    ],
)
def test_an_action_that_cannot_be_changes_nothing(
    api: Program, path: str, stated: dict[str, Any], problem: str
) -> None:
    before = api.desk.dump()
    answer = api.call("POST", f"/commitments/{path}", stated, If_Match="*")
    assert (answer.status_code, problem in answer.json()["detail"]) == (422, True), answer.text
    assert api.desk.dump() | {"api_tokens": []} == before | {"api_tokens": []}


def test_a_token_of_one_owner_finds_only_what_they_own(api: Program) -> None:
    anns = Program(api.desk, "ann")
    close(api.desk.store, "call", now=NOW)  # which is kim's
    assert keys(anns.call("GET", "/commitments")) == ["audit"]
    assert keys(anns.call("GET", "/commitments?owner=bob")) == []
    assert keys(anns.call("GET", "/commitments?owner=bob&owner=ann")) == ["audit"]
    assert keys(anns.call("GET", "/commitments?closed=true")) == ["done"]
    hidden, unknown = (anns.call("GET", f"/commitments/{key}").json() for key in ("filing", "filinx"))
    assert hidden["detail"] == unknown["detail"].replace("filinx", "filing") == "no commitment has the key 'filing'"
    assert anns.call("POST", "/commitments/audit/close", {"as": "fulfilled"}).status_code == 200
    before = api.desk.dump()
    for path, stated in (("assign", {"owner": "bob"}), ("assign", {"owner": None})):
        refused = anns.call("POST", f"/commitments/audit/{path}", stated, If_Match="*")
        assert (refused.status_code, "cannot name another owner" in refused.json()["detail"]) == (403, True)
    assert anns.call("POST", "/commitments", NEW | {"owner": "bob"}).status_code == 403
    assert api.desk.dump() | {"api_tokens": []} == before | {"api_tokens": []}
    assert anns.call("POST", "/commitments", NEW).status_code == 201


@pytest.mark.parametrize(
    ("path", "stated"),
    [
        ("/audit/snooze", {"until": "2026-12-10", "for": "bod@example.org"}),
        ("/audit/snooze", {"until": "2026-12-10", "for": "bod"}),
        ("/audit/move", {"deadline": "P2D after filinx", "reason": "They asked."}),
        ("", NEW | {"deadline": "P2D after filinx"}),
    ],
)
def test_a_problem_proposes_nothing_that_the_token_of_one_owner_may_not_list(
    api: Program, path: str, stated: dict[str, Any]
) -> None:
    anns = Program(api.desk, "ann")
    for program, proposed in ((api, True), (anns, False)):
        answer = program.call("POST", f"/commitments{path}", stated, If_Match="*")
        assert (answer.status_code, "did you mean" in answer.json()["detail"]) == (422, proposed), answer.text


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/audit/note", '{"text": "a\\ud800"}'),
        ("", '{"key": "new", "title": "\\udc00", "deadline": "2027-01-15"}'),
    ],
)
def test_text_that_nothing_can_store_is_a_problem(api: Program, path: str, body: str) -> None:
    answer = api.call("POST", f"/commitments{path}", body)
    assert (answer.status_code, "surrogate pair" in answer.json()["detail"]) == (422, True)


def test_what_is_given_to_somebody_else_is_gone_from_the_list_of_a_token(api: Program, desk: Desk) -> None:
    anns = Program(desk, "ann")
    assert keys(anns.call("GET", "/commitments")) == ["audit"]
    api.call("POST", "/commitments/audit/assign", {"owner": "bob"}, If_Match="*")
    assert keys(anns.call("GET", "/commitments")) == []
    assert anns.call("GET", "/commitments/audit").status_code == 404


def test_an_error_names_what_a_body_states_not_what_the_program_calls_it(api: Program) -> None:
    refused = api.call("POST", "/commitments/lease/close", {"end": "fulfilled", "ass": 1})
    assert refused.status_code == 422
    assert refused.json()["detail"].splitlines() == [
        '"as" is missing, as in {as: fulfilled}',
        'unknown key "end"; known: all_occurrences, as, occurrence, reason',
        "unknown key \"ass\"; did you mean 'as'?",
    ]
