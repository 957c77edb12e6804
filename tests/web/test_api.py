"""The API: what it takes and answers, each request once, and the document that describes it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import alerts
from alerts.core.silences import Silence
from alerts.store.api_tokens import ApiTokens
from alerts.store.silence_rows import Silences
from alerts.store.store_error import StoreError
from alerts.web.api.api_routes import PREFIX, ROUTES
from pages.api_reference import made
from tests.factories import at
from tests.web.answering import NOW
from tests.web.programs import Program

DOC = (Path(alerts.__file__).parents[1] / "docs/api.md").read_text(encoding="utf-8")
SILENCE = {"match": {"tags": ["a", "b"]}, "until": "2026-12-04", "reason": "The office moves."}
ABSENCE = {"person": "kim", "until": "2026-12-24", "to": "bob", "reason": "vacation"}


def test_a_silence_is_recorded_listed_and_ended_as_by_the_token(program: Program) -> None:
    made = program.call("POST", "/silences", SILENCE)
    row = {
        "id": made.json()["id"], "match": {"tags": ["a", "b"]}, "from": "2026-11-28T09:30:00Z",
        "until": "2026-12-05T00:00:00Z", "ended_at": None, "reason": "The office moves.", "by": "token sap",
        "proof": "token", "of_settings": False, "lasts": True,
    }  # fmt: skip
    assert (made.status_code, made.headers["Content-Type"], made.json()) == (201, "application/json", row)
    assert program.call("GET", "/silences").json() == {"items": [row]}
    ended = program.call("DELETE", f"/silences/{row['id']}")
    assert (ended.status_code, ended.json()) == (200, row | {"ended_at": "2026-11-28T09:30:00Z", "lasts": False})
    again = program.call("DELETE", f"/silences/{row['id']}")
    assert (again.status_code, "no present silence" in again.json()["detail"]) == (404, True)
    assert "token sap" in str(program.desk.dump()["silences"])


def test_everything_is_silenced_only_where_that_is_stated(program: Program) -> None:
    for stated in ({}, {"match": {}}, {"match": {"tags": []}}, {"match": {"tags": ["a"]}, "all": True}):
        refused = program.call("POST", "/silences", SILENCE | {"match": None} | stated)
        assert (refused.status_code, "name what to silence" in refused.json()["detail"]) == (422, True)
    assert program.call("POST", "/silences", SILENCE | {"match": None, "all": True}).json()["match"] == {}


def test_an_absence_is_recorded_in_the_zone_of_the_person_listed_and_ended(program: Program) -> None:
    made = program.call("POST", "/absences", ABSENCE | {"from": "2026-12-14"})
    row = {
        "id": made.json()["id"], "person": "kim", "to": "bob", "timezone": "Asia/Tokyo", "reason": "vacation",
        "from": "2026-12-13T15:00:00Z", "until": "2026-12-23T15:00:00Z", "recorded_by": "token sap", "lasts": False,
    }  # fmt: skip
    assert (made.status_code, made.json()) == (201, row)
    assert program.call("GET", "/absences").json() == {"items": [row]}
    ended = program.call("DELETE", f"/absences/{row['id']}")
    assert (ended.status_code, ended.json()["until"]) == (200, "2026-11-28T09:30:00Z")
    assert program.call("GET", "/absences").json() == {"items": []}
    for number in (row["id"], 0, 10**12, "x", "%20"):
        assert program.call("DELETE", f"/absences/{number}").status_code == 404
    assert "'token'" in str(program.desk.dump()["absences"])


@pytest.mark.parametrize(
    ("path", "stated", "status", "problem"),
    [
        ("/silences", {"match": {"tag": ["a"]}}, 422, "match: expected any of key, kind, tags"),
        ("/silences", {"match": {"priority": ["hihg"]}}, 422, "did you mean 'high'?"),
        ("/silences", {"match": {"tags": "a"}}, 422, "match.tags: expected a list"),
        ("/silences", {"until": "2027-12-04"}, 422, "90 days at most"),
        ("/silences", {"until": "2026-11-01"}, 422, "a silence must end"),
        ("/silences", {"until": "soon"}, 422, "'soon' is not a time"),
        ("/silences", {"until": None}, 422, "until: is empty, expected text"),
        ("/silences", {"reason": " "}, 422, "reason: is empty: state some text"),
        ("/silences", {"reason": "a\nb"}, 422, "a line break or a control character"),
        ("/silences", {"reason": "\x00"}, 422, "a line break or a control character"),
        ("/silences", {"match": {"tags": ["\u202e"]}}, 422, "a line break or a control character"),
        ("/silences", {"reason": "x" * 2001}, 422, "at most 2000 characters"),
        ("/silences", {"resaon": "x"}, 422, "unknown key \"resaon\"; did you mean 'reason'?"),
        ("/silences", {"all": "yes"}, 422, "all: expected true or false"),
        ("/absences", {"person": "kin"}, 422, "no person has the key 'kin'; did you mean 'kim'?"),
        ("/absences", {"to": "kim"}, 422, "to: kim is away: name somebody else"),
        ("/absences", {"to": "nobody"}, 422, "no person has the key 'nobody'"),
        ("/absences", {"until": "2026-11-28"}, 422, "until: the absence is over by then"),
        ("/absences", {"until": "9999-12-31T23:59+23:59"}, 201, ""),
        ("/absences", {"until": "0001-01-01"}, 422, "0001-01-01"),
    ],
)
def test_what_cannot_be_is_a_problem_in_the_words_of_the_command_line(
    program: Program, path: str, stated: dict[str, Any], status: int, problem: str
) -> None:
    whole = (SILENCE if path == "/silences" else ABSENCE) | stated
    before = program.desk.dump()
    answer = program.call("POST", path, whole)
    assert (answer.status_code, problem in answer.json().get("detail", "")) == (status, True), answer.text
    if status != 201:
        assert answer.headers["Content-Type"] == "application/problem+json"
        after = program.desk.dump()
        assert after["silences"] == before["silences"]
        assert after["absences"] == before["absences"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("", 400),
        ("{", 400),
        ("[" * 20_000, 400),
        ('{"until": NaN}', 400),
        ('{"reason": "a", "reason": "b"}', 400),
        ("[]", 422),
        ("null", 422),
        ('{"match": {"tags": ["\\ud800"]}, "until": "2026-12-04", "reason": "x"}', 422),
        ('{"\\ud800": 1, "until": "2026-12-04", "reason": "x"}', 422),
    ],
)
def test_what_is_no_json_object_is_refused(program: Program, body: str, status: int) -> None:
    answer = program.call("POST", "/silences", body)
    assert (answer.status_code, answer.json()["status"]) == (status, status)
    assert program.desk.store.silences.lasting(NOW) == []


def test_a_body_of_another_type_is_refused(program: Program) -> None:
    for stated in ("text/plain", "application/x-www-form-urlencoded", "", "application/jsonx"):
        assert program.call("POST", "/silences", SILENCE, Content_Type=stated).status_code == 415
    assert program.call("POST", "/silences", SILENCE, Content_Type="Application/JSON; charset=utf-8").status_code == 201


def test_a_request_with_the_same_key_is_recorded_once_and_answered_alike(program: Program) -> None:
    for path, stated in (("/silences", SILENCE), ("/absences", ABSENCE)):
        first = program.call("POST", path, stated, Idempotency_Key=f"k-{path}")
        program.desk.now = at("2026-11-28T10:30")
        again = program.call("POST", path, stated, Idempotency_Key=f"k-{path}")
        assert (again.status_code, again.json()) == (201, first.json())
        other = program.call("POST", path, stated | {"reason": "Other."}, Idempotency_Key=f"k-{path}")
        assert (other.status_code, "used for another request" in other.json()["detail"]) == (422, True)
        assert len(program.call("GET", path).json()["items"]) == 1
    elsewhere = program.call("POST", "/absences", ABSENCE, Idempotency_Key="k-/silences")
    assert elsewhere.status_code == 422


def test_a_key_is_that_of_its_token(program: Program) -> None:
    program.call("POST", "/silences", SILENCE, Idempotency_Key="k")
    program.token = program.desk.store.api_tokens.add("other", "write", by="x", now=NOW)
    assert program.call("POST", "/silences", SILENCE, Idempotency_Key="k").json()["by"] == "token other"
    for key in ("", "x" * 256, "a b", "ü"):
        assert program.call("POST", "/silences", SILENCE, Idempotency_Key=key).status_code == 400


def test_twenty_at_once_with_one_key_record_one(program: Program) -> None:
    with ThreadPoolExecutor(20) as pool:
        made = pool.map(
            lambda _: program.call("POST", "/absences", ABSENCE, Idempotency_Key="k").json()["id"], range(20)
        )
        assert len(set(made)) == 1


def test_a_database_that_cannot_be_used_is_a_problem_with_a_time_to_try_again(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise StoreError("database: the disk is full at /a/secret/place")

    for owner, name in ((Silences, "add"), (ApiTokens, "find")):
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, fails)
            answer = program.call("POST", "/silences", SILENCE)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert "secret" not in answer.text
    with monkeypatch.context() as patch:
        patch.setattr(ApiTokens, "note_use", fails)
        assert program.call("GET", "/silences").status_code == 200


def test_what_the_settings_silence_is_listed_and_stays_ended(program: Program) -> None:
    stated = Silence(match={}, since=NOW, until=at("2026-12-01"), reason="Of all.", by="boss", of_settings=True)
    program.desk.store.silences.add(stated)
    assert program.call("DELETE", f"/silences/{stated.id}").json()["of_settings"] is True
    assert program.desk.store.silences.lasting(NOW) == []


def test_what_is_nowhere_is_a_problem_below_the_api_only(program: Program) -> None:
    for path in ("/nothing", "/silences/", "/silences/x/y", ""):
        answer = program.call("GET", path)
        assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")
    assert program.desk.server.get("/nothing").json() == {"detail": "Not Found"}


def references(value: object) -> set[str]:
    return set(re.findall(r"#/components/schemas/(\w+)", json.dumps(value)))


def test_the_document_describes_each_route_and_each_answer(program: Program) -> None:
    document = program.desk.server.get(f"{PREFIX}/openapi.json").json()
    assert document["openapi"] == "3.1.0"
    assert document["servers"] == [{"url": "http://127.0.0.1:8080"}]
    described = {(method.upper(), path) for path, one in document["paths"].items() for method in one}
    assert described == {(route.method, PREFIX + route.path) for route in ROUTES}
    assert references(document) == set(document["components"]["schemas"])
    stated = document["components"]["schemas"]["NewSilence"]
    assert (set(stated["required"]), stated["additionalProperties"]) == ({"until", "reason"}, False)
    assert set(document["components"]["schemas"]["SilenceRow"]["required"]) == {
        *program.call("POST", "/silences", SILENCE).json()
    }
    for one in document["paths"].values():
        for operation in one.values():
            assert {"401", "503"} <= set(operation["responses"])


def test_the_page_about_the_api_is_made_from_the_document() -> None:
    assert made(DOC) == DOC, "run `make docs`"
    assert re.findall(r"^\| `(\w+) (/\S*)` \|", DOC, re.MULTILINE) == [(one.method, one.path) for one in ROUTES]


def example(program: Program, kind: str) -> str:
    """Return an example of the page, for this server."""
    (code,) = re.findall(rf"```{kind}\n(.+?)```", DOC, re.DOTALL)
    return str(code).replace("https://alerts.example.org", program.desk.server.url)


def assert_offer_moved(program: Program, printed: str) -> None:
    assert [(one.what, one.recorded_by) for one in program.desk.history("offer")] == [
        ("recorded", "token sap"), ("moved", "token sap"),
    ]  # fmt: skip
    assert program.desk.tracked("offer").commitment.deadline == "2027-01-22"
    assert "offer" in printed


def test_the_example_in_python_runs(
    program: Program, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ALERTS_TOKEN", program.token)
    exec(example(program, "python"), {})  # the page's own text
    assert_offer_moved(program, capsys.readouterr().out)


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
def test_the_example_in_a_shell_runs(program: Program) -> None:
    environment = {"PATH": os.environ["PATH"], "ALERTS_TOKEN": program.token}
    script = ["sh", "-euc", example(program, "sh")]
    done = subprocess.run(script, env=environment, capture_output=True, text=True, timeout=60, check=True)
    assert_offer_moved(program, done.stdout)
