"""Who may call what of the API: a row for each route and method. A route without a row fails."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest
import requests

from alerts.core.absences import Absence
from alerts.core.silences import Silence
from alerts.web.api.api_routes import PREFIX
from alerts.web.api.token_check import READS_ONLY
from alerts.web.web_app import create_app
from tests.factories import acknowledge, at, close, entry, load
from tests.web.answering import NOW, Desk

WHO = ("anonymous", "wrong", "revoked", "expired", "read", "write", "bobs", "anns")  # the last: for what one owns
READS: Mapping[str, int] = dict(zip(WHO, (401, 401, 401, 401, 200, 200, 403, 403), strict=True))
ENDS: Mapping[str, int] = dict(zip(WHO, (401, 401, 401, 401, 403, 200, 403, 403), strict=True))
MAKES: Mapping[str, int] = ENDS | {"write": 201}
SHOWS: Mapping[str, int] = READS | {"bobs": 200, "anns": 404}  # what bob owns
ACTS: Mapping[str, int] = ENDS | {"bobs": 200, "anns": 404}
TABLE: Mapping[tuple[str, str], Mapping[str, int]] = {
    ("GET", "/openapi.json"): dict.fromkeys(WHO, 200),  # describes what anybody can read in the source
    ("GET", "/commitments"): SHOWS | {"anns": 200},
    ("POST", "/commitments"): MAKES | {"bobs": 201, "anns": 403},
    ("GET", "/commitments/{key}"): SHOWS,
    ("PATCH", "/commitments/{key}"): ACTS,
    ("POST", "/commitments/{key}/acknowledge"): ACTS,
    ("POST", "/commitments/{key}/unacknowledge"): ACTS,
    ("POST", "/commitments/{key}/snooze"): ACTS,
    ("POST", "/commitments/{key}/note"): ACTS,
    ("POST", "/commitments/{key}/move"): ACTS,
    ("POST", "/commitments/{key}/close"): ACTS,
    ("POST", "/commitments/{key}/reopen"): ACTS,
    ("POST", "/commitments/{key}/assign"): ACTS | {"bobs": 403},  # to kim, whose it would then be
    ("GET", "/commitments/{key}/why"): SHOWS,
    ("GET", "/resolve"): SHOWS | {"anns": 200},
    ("GET", "/plan"): READS,
    ("GET", "/deliveries"): READS,
    ("GET", "/rules"): READS,
    ("GET", "/people"): READS,
    ("GET", "/feeds"): READS,
    ("GET", "/silences"): READS,
    ("POST", "/silences"): MAKES,
    ("DELETE", "/silences/{id}"): ENDS,
    ("GET", "/absences"): READS,
    ("POST", "/absences"): MAKES,
    ("DELETE", "/absences/{id}"): ENDS,
}
BODIES = {
    "/silences": {"match": {"key": ["filing"]}, "until": "2026-12-04", "reason": "The office moves."},
    "/absences": {"person": "ann", "until": "2026-12-04"},
    "/commitments": {"key": "new", "title": "New", "deadline": "2027-01-15", "owner": "bob"},
    "/commitments/{key}": {"title": "New"},
    "/commitments/{key}/acknowledge": {},
    "/commitments/{key}/unacknowledge": {},
    "/commitments/{key}/snooze": {"until": "2026-12-04"},
    "/commitments/{key}/note": {"text": "Called."},
    "/commitments/{key}/move": {"deadline": "2027-01-15", "reason": "They agreed."},
    "/commitments/{key}/close": {"as": "fulfilled"},
    "/commitments/{key}/reopen": {"reason": "By mistake."},
    "/commitments/{key}/assign": {"owner": "kim"},
}
KEYS = {"/commitments/{key}/unacknowledge": "answered", "/commitments/{key}/reopen": "closed"}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")


def tokens(desk: Desk) -> dict[str, str | None]:
    store, now = desk.store.api_tokens, desk.now
    found: dict[str, str | None] = {"anonymous": None, "wrong": "dla_" + "0" * 64}
    found["expired"] = store.add("expired", "write", by="x", now=now - timedelta(days=365))
    for name, scope in (("revoked", "write"), ("read", "read"), ("write", "write")):
        found[name] = store.add(name, scope, by="x", now=now)  # type: ignore[arg-type]
    for owner in ("bob", "ann"):
        found[f"{owner}s"] = store.add(f"{owner}s", "write", by="x", now=now, owner=owner)
    store.revoke("revoked", now)
    return found


def ids(desk: Desk) -> dict[str, str]:
    """Record commitments of bob, a silence and an absence, and return the ids of the last two by path."""
    some = [entry(key, "2027-01-01", owner="bob") for key in ("open", "answered", "closed")]
    load(desk.store, *some, now=at("2026-10-01"))
    acknowledge(desk.store, "answered", now=desk.now)
    close(desk.store, "closed", now=desk.now)
    silence = Silence(match={}, since=NOW, until=at("2026-12-01"), reason="Quiet.", by="x")
    desk.store.silences.add(silence)
    absence = Absence(person="bob", starts_at=NOW, ends_at=at("2026-12-01"), zone="UTC", recorded_by="x")
    return {"/silences": silence.id, "/absences": str(desk.store.absences.record(absence, NOW, "shell"))}


def call(desk: Desk, method: str, path: str, token: str | None, **more: Any) -> requests.Response:
    headers = ({"Authorization": f"Bearer {token}"} if token else {}) | more.pop("headers", {})
    return requests.request(method, f"{desk.server.url}{PREFIX}{path}", headers=headers, timeout=30, **more)


def walked(routes: Iterable[Any]) -> Iterator[Any]:
    """Yield routes, those of included routers too."""
    for route in routes:
        inner = getattr(route, "original_router", None)
        yield from walked(inner.routes) if inner else [route]


def test_each_route_and_method_has_a_row(desk: Desk) -> None:
    found = {
        (method, route.path.removeprefix(PREFIX))
        for route in walked(create_app(desk.server.services).routes)
        if getattr(route, "path", "").startswith("/api")
        for method in getattr(route, "methods", None) or ()
    }
    assert found == set(TABLE)
    assert all(set(row) == set(WHO) for row in TABLE.values())


# Of a row, those who may not all ask one server, which stays as it is; each who may has one of their own.
ROWS = [
    pytest.param(method, path, together, id=f"{method}-{path}-{together[0] if len(together) == 1 else 'refused'}")
    for (method, path), row in sorted(TABLE.items())
    for together in (tuple(who for who in WHO if row[who] >= 400), *((who,) for who in WHO if row[who] < 400))
]


@pytest.mark.parametrize(("method", "path", "together"), ROWS)
def test_who_may_does_and_who_may_not_changes_nothing(
    desk: Desk, method: str, path: str, together: tuple[str, ...]
) -> None:
    held, named = tokens(desk), ids(desk)
    whole = path.replace("{id}", named.get(path.removesuffix("/{id}"), "")).replace("{key}", KEYS.get(path, "open"))
    whole += "?expression=2027-01-15" * (path == "/resolve")
    more = {"json": BODIES[path], "headers": {"If-Match": "*"}} if method in ("POST", "PATCH") else {}
    before = desk.dump()
    del before["api_tokens"]  # the use of a token is noted
    for who in together:
        answer = call(desk, method, whole, held[who], **more)
        assert answer.status_code == TABLE[method, path][who], who
        after = desk.dump()
        del after["api_tokens"]
        assert (after != before) == (method != "GET" and answer.status_code < 400), who
        before = after
        if answer.status_code >= 400:
            assert answer.headers["Content-Type"] == "application/problem+json"
            assert answer.json()["status"] == answer.status_code
            challenge = 'Bearer realm="alerts"'
            assert answer.headers.get("WWW-Authenticate", challenge * (answer.status_code != 401)).startswith(challenge)
            if who == "read" and answer.status_code == 403:
                assert answer.json()["detail"] == READS_ONLY  # before anything is read


@pytest.mark.parametrize("who", ["anonymous", "write"])
def test_other_methods_are_refused(desk: Desk, who: str) -> None:
    token, before = tokens(desk)[who], desk.dump()
    routed = {(method, path.replace("{id}", "1").replace("{key}", "open")) for method, path in TABLE}
    paths = {path for _, path in routed}
    for path in paths:
        for method in METHODS:
            if (method, path) not in routed:
                answer = call(desk, method, path, token)
                assert (answer.status_code, method in answer.headers["Allow"]) == (405, False)
    assert desk.dump() == before


@pytest.mark.parametrize(
    "stated",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic {}",
        "{}",
        "Bearer {}0",
        "Bearer {} {}",
        "bearer\t{}",
        "Bearer dla_",
        "Bearer ünï",
    ],
)
def test_what_is_no_token_of_ours_is_refused_with_one_answer(desk: Desk, stated: str) -> None:
    token = tokens(desk)["write"]
    header = stated.replace("{}", str(token)).encode("latin-1")
    url = f"{desk.server.url}{PREFIX}/silences"
    answer = requests.get(url, headers={"Authorization": header}, timeout=30)
    expired = call(desk, "GET", "/silences", "dla_" + "1" * 64)
    assert (answer.status_code, answer.json()) == (401, expired.json())


def test_unknown_revoked_and_expired_tokens_get_the_same_answer(desk: Desk) -> None:
    made = tokens(desk)
    found = {call(desk, "GET", "/silences", made[who]).text for who in ("wrong", "revoked", "expired")}
    assert len(found) == 1


def test_wrong_tokens_from_an_address_are_limited_and_good_ones_go_on(desk: Desk) -> None:
    good = tokens(desk)["read"]
    assert {call(desk, "GET", "/silences", "dla_" + "0" * 64).status_code for _ in range(60)} == {401}
    refused = call(desk, "GET", "/silences", "dla_" + "0" * 64)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "60")
    assert call(desk, "GET", "/silences", good).status_code == 200


def test_the_use_of_a_token_is_noted(desk: Desk) -> None:
    call(desk, "GET", "/silences", tokens(desk)["read"])
    used = {one.name: one.last_used_at for one in desk.store.api_tokens.all()}
    assert used == {"expired": None, "revoked": None, "read": desk.now, "write": None, "bobs": None, "anns": None}
