"""A request of a program that may make it: who asks, when, and for what."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ValidationError

from alerts.core.actors import Actor, Request
from alerts.core.changes import Change
from alerts.core.permissions import Scope
from alerts.store import Store
from alerts.store.api_tokens import ApiToken
from alerts.strict_yaml.validation import problems_of
from alerts.web.api.problem_details import ProblemError
from alerts.web.services import Services

T = TypeVar("T", bound=BaseModel)
KEY = re.compile(r"[\x21-\x7e]{1,255}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiCall:
    """What a program asks for. `path`: the parts of the address that vary. `headers` have names in small letters."""

    services: Services
    token: ApiToken
    route: str
    path: Mapping[str, str]
    headers: Mapping[str, str] = field(repr=False)
    body: bytes
    change: Change

    @property
    def store(self) -> Store:
        return self.services.store

    @property
    def zone(self) -> str:
        """Return the zone of days that state none."""
        return self.services.settings.timezone or "UTC"

    def read(self, model: type[T]) -> T:
        """Return what the body states. Raises ProblemError."""
        if self.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise ProblemError(415, "send JSON, with the header `Content-Type: application/json`")
        try:
            stated = json.loads(self.body, object_pairs_hook=_once, parse_constant=_refuse)
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
    """

    method: Literal["GET", "POST", "DELETE"]
    path: str
    scope: Scope
    summary: str
    call: Callable[[ApiCall], BaseModel]
    answer: type[BaseModel]
    body: type[BaseModel] | None = None
    status: int = 200
    again: Callable[[ApiCall, str], BaseModel] | None = None
    for_owner: bool = False


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
