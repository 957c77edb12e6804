"""What a body states has one name in errors: the one that the document of the API gives it."""

from __future__ import annotations

import pytest
from pydantic import BaseModel

from alerts.core.commitments import ENDS, NOTICE_ANSWERS
from alerts.web.api.api_routes import ROUTES
from tests.factories import at, entry, load
from tests.web.programs import Program

STATED_OTHERWISE = {
    (route.path, one.alias): (route.body, name)
    for route in ROUTES
    if route.body
    for name, one in route.body.model_fields.items()
    if one.alias
}
ENDED = ", ".join((*ENDS, *NOTICE_ANSWERS))
NO_TIME = "'x' is not a time: expected a day such as 2026-12-24, or a time such as 2026-12-24T09:00Z"
REFUSED = [
    ("/commitments/lease/close", {"as": "x"}, f"as: expected one of {ENDED}, found `x`"),
    ("/commitments/lease/close", {"as": ["x"]}, f"as: expected one of {ENDED}"),
    ("/commitments/lease/close", {}, '"as" is missing, as in {as: fulfilled}'),
    ("/commitments/lease/snooze", {"until": "x"}, f"until: {NO_TIME}"),
    ("/commitments/lease/snooze", {"until": "2026-12-24", "for": ["x"]}, "for: expected text"),
    ("/commitments/lease/acknowledge", {"until": "x"}, f"until: {NO_TIME}"),
    ("/commitments/lease/move", {"deadline": "soon", "reason": "x"}, "deadline: `soon`: column 1: expected a deadline"),
    ("/absences", {"person": "ann", "until": "2027-01-04", "from": "x"}, f"from: {NO_TIME}"),
    ("/absences", {"person": "ann", "until": "x"}, f"until: {NO_TIME}"),
    ("/silences", {"all": True, "reason": "x", "until": "2026-12-24", "from": "x"}, f"from: {NO_TIME}"),
    ("/silences", {"all": True, "reason": "x", "until": "x"}, f"until: {NO_TIME}"),
]


@pytest.fixture
def lease(program: Program) -> Program:
    load(program.desk.store, entry("lease", "2027-03-01"), now=at("2026-10-01"))
    return program


def problems(program: Program, path: str, stated: dict[str, object]) -> list[str]:
    answer = program.call("POST", path.replace("{key}", "lease"), stated, If_Match="*")
    assert (answer.status_code, answer.headers["Content-Type"]) == (422, "application/problem+json"), answer.text
    return str(answer.json()["detail"]).splitlines()


def test_some_fields_are_stated_otherwise_than_the_program_calls_them() -> None:
    close, snooze = "/commitments/{key}/close", "/commitments/{key}/snooze"
    assert STATED_OTHERWISE.keys() == {(close, "as"), (snooze, "for"), ("/absences", "from"), ("/silences", "from")}


@pytest.mark.parametrize(("path", "alias"), STATED_OTHERWISE)
def test_the_name_in_the_program_is_unknown_and_never_proposed(lease: Program, path: str, alias: str) -> None:
    body, name = STATED_OTHERWISE[path, alias]
    (unknown,) = [line for line in problems(lease, path, needed(body) | {name: "x"}) if "unknown key" in line]
    refused, _, proposed = unknown.partition("; ")
    assert refused == f'unknown key "{name}"'
    assert alias in proposed.replace("'", " ").replace(",", " ").replace("?", " ").split()
    assert f"'{name}'" not in proposed


def needed(body: type[BaseModel]) -> dict[str, object]:
    return {name: "x" for name, field in body.model_fields.items() if field.is_required() and not field.alias}


@pytest.mark.parametrize(("path", "stated", "problem"), REFUSED)
def test_an_error_names_the_field_that_is_wrong(
    lease: Program, path: str, stated: dict[str, object], problem: str
) -> None:
    (found,) = problems(lease, path, stated)
    assert found.startswith(problem)
