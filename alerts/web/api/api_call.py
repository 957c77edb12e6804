"""A request of a program that may make it: who asks, when, and for what."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar, get_origin

from pydantic import BaseModel, ValidationError

from alerts.core.actors import Actor, Request
from alerts.core.changes import Change
from alerts.core.permissions import Scope
from alerts.scheduled_rules import ScheduledRule
from alerts.store import Store
from alerts.store.api_tokens import ApiToken
from alerts.strict_yaml.validation import problems_of
from alerts.web.api.problem_details import ProblemError
from alerts.web.pages.due_index import DueIndex
from alerts.web.services import Services
from alerts.web.web_reading import WebReading, everybody_known

T = TypeVar("T", bound=BaseModel)
KEY = re.compile(r"[\x21-\x7e]{1,255}", re.ASCII)
ENTITY_TAG = re.compile(r'\s*"([1-9][0-9]{0,8})"\s*', re.ASCII)
IfMatch = Literal["required", "optional"]


@dataclass(frozen=True, slots=True)
class ApiContext:
    """What all calls share: the services, the rules, and the open commitments in the order of their dates."""

    services: Services
    rules: Mapping[str, ScheduledRule]
    index: DueIndex


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiCall:
    """What a program asks for. `path`: the parts of the address that vary. `headers` have names in small letters."""

    context: ApiContext
    token: ApiToken
    route: str
    path: Mapping[str, str]
    query: Mapping[str, Sequence[str]]
    headers: Mapping[str, str] = field(repr=False)
    body: bytes
    change: Change

    @property
    def services(self) -> Services:
        return self.context.services

    @property
    def store(self) -> Store:
        return self.services.store

    @property
    def zone(self) -> str:
        """Return the zone of days that state none."""
        return self.services.settings.timezone or "UTC"

    def reading(self) -> WebReading:
        """Return what commands have, as of the time of the request. It reads the people."""
        people = everybody_known(self.services)
        return WebReading(services=self.services, rules=self.context.rules, people=people, now=self.change.now)

    def change_because(self, reason: str | None, source: str | None = None) -> Change:
        """Return the change with its reason, and the source that it names."""
        return replace(self.change, reason=reason, source=source)

    def about(self, key: str) -> ApiCall:
        """Return the call as if its address named a commitment."""
        return replace(self, path={**self.path, "key": key})

    def read_query(self, model: type[T]) -> T:
        """Return what the address states after `?`. Raises ProblemError."""
        repeated = {name for name, one in model.model_fields.items() if get_origin(one.annotation) is tuple}
        twice = next((name for name, values in self.query.items() if len(values) > 1 and name not in repeated), None)
        if twice is not None:
            raise ProblemError(422, f"{twice}: is stated twice")
        stated = {name: [*values] if name in repeated else values[0] for name, values in self.query.items()}
        try:
            return model.model_validate(stated)
        except ValidationError as error:
            raise ProblemError(422, "\n".join(line for _, line in problems_of(error, model))) from None

    def read(self, model: type[T]) -> T:
        """Return what the body states. Raises ProblemError."""
        if self.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise ProblemError(415, "send JSON, with the header `Content-Type: application/json`")
        try:
            stated = json.loads(self.body, object_pairs_hook=_once, parse_constant=_refuse)
            json.dumps(stated, ensure_ascii=False).encode()  # text with half a surrogate pair cannot be stored
        except UnicodeEncodeError:
            raise ProblemError(422, "the body has one half of a surrogate pair, such as \\ud800: send both") from None
        except (ValueError, RecursionError) as error:
            raise ProblemError(400, f"the body is not JSON: {error}") from None
        if not isinstance(stated, dict):
            raise ProblemError(422, "expected a JSON object")
        try:
            return model.model_validate(stated)
        except ValidationError as error:
            raise ProblemError(422, "\n".join(line for _, line in problems_of(error, model))) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiRoute:
    """One method of one address: who may call it, and what it takes and gives.

    `scope`: what a token must have. `for_owner`: a token for what one person owns may call it, and finds only that.
    `status`: that of the answer where all is well. `again`: returns what a request has led to that was recorded before.
    `if_match`: whether it takes the revision that somebody has read, or must have it.
    """

    method: Literal["GET", "POST", "PATCH", "DELETE"]
    path: str
    scope: Scope
    summary: str
    call: Callable[[ApiCall], BaseModel]
    answer: type[BaseModel]
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    status: int = 200
    again: Callable[[ApiCall, str], BaseModel] | None = None
    for_owner: bool = False
    if_match: IfMatch | None = None


def revisions_read(headers: Mapping[str, str], if_match: IfMatch) -> frozenset[int] | None:
    """Return the revisions that `If-Match` names; None where any will do. Raises ProblemError."""
    stated = headers.get("if-match")
    if stated is None:
        if if_match == "required":
            raise ProblemError(428, 'state what you have read, as in `If-Match: "3"`: the `ETag` of the commitment')
        return None
    if stated.strip() == "*":
        return None
    found = [ENTITY_TAG.fullmatch(one) for one in stated.split(",")]  # a weak one matches nothing (RFC 9110, 13.1.1)
    return frozenset(int(one[1]) for one in found if one)


def change_of(services: Services, token: ApiToken, headers: Mapping[str, str], route: str, body: bytes) -> Change:
    """Return who makes a change, and when. With an `Idempotency-Key` it is made once. Raises ProblemError."""
    now, actor = services.clock(), Actor.by_token(token.name, token.scope, token.owner)
    key = headers.get("idempotency-key")
    if key is None:
        return Change.of(actor, now)
    if not KEY.fullmatch(key):
        raise ProblemError(400, "Idempotency-Key: expected 1 to 255 visible ASCII characters")
    name = hashlib.sha256(f"{token.token_hash}\0{key}".encode()).hexdigest()
    content = hashlib.sha256(route.encode() + b"\0" + body).hexdigest()
    return Change.of(actor, now, request=Request(id=name, at=now, content=content))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name is stated twice in one object")
    return found


def _refuse(text: str) -> None:
    raise ValueError(f"{text} is no JSON")
