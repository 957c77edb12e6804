"""The OpenAPI document of the API, made from its routes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib.metadata import version
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from alerts.web.api.api_call import ApiRoute
from alerts.web.api.commitment_values import CommitmentRow
from alerts.web.api.problem_details import MEDIA_TYPE, ProblemDetails

REF = "#/components/schemas/{model}"
FAILURES = {
    400: "The request cannot be read, or is for another host.",
    401: "No token that works.",
    403: "The token may not do this.",
    404: "There is nothing of that name, or it is over.",
    412: "It has changed since it was read: `changes` says what.",
    413: "The request has more than 64 KiB.",
    414: "The address has more than 2048 octets.",
    415: "The body is not sent as JSON.",
    422: "What is stated cannot be.",
    428: "`If-Match` is missing.",
    429: "Too many wrong tokens.",
    431: "The request has too many headers.",
    503: "The database cannot be used now, or too many requests run.",
}
IN_TEXT = frozenset({400, 413, 414, 431, 503})  # refused before the API sees them, with a line of text
ONLY_IN_TEXT = frozenset({413, 414, 431})
KEY = {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._@-]*$", "maxLength": 100}
Mode = Literal["validation", "serialization"]


class _Quiet(GenerateJsonSchema):
    """Leaves out defaults that JSON has no form for."""

    ignored_warning_kinds = frozenset({"non-serializable-default"})  # type: ignore[assignment]


def openapi_document(routes: Iterable[ApiRoute], prefix: str, server: str) -> dict[str, Any]:
    """Return the document. `server` is where programs reach the API."""
    routes = list(routes)
    models: dict[type[BaseModel], Mode] = {ProblemDetails: "serialization"}
    for route in routes:
        models[route.answer] = "serialization"
        if route.body:
            models[route.body] = "validation"
    _, schemas = models_json_schema([*models.items()], ref_template=REF, schema_generator=_Quiet)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(prefix + route.path, {})[route.method.lower()] = _operation(route)
    token = {"type": "http", "scheme": "bearer", "description": "`alerts token add NAME` makes a token."}
    return {
        "openapi": "3.1.0",
        "info": {"title": "alerts", "version": version("deadline-alerts")},
        "servers": [{"url": server}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {"schemas": schemas["$defs"], "securitySchemes": {"token": token}},
    }


def _operation(route: ApiRoute) -> dict[str, Any]:
    owners = "" if route.for_owner else " A token for what one person owns may not call it."
    found: dict[str, Any] = {
        "operationId": route.call.__name__,
        "summary": route.summary,
        "description": f"{route.call.__doc__} Needs a token of the scope `{route.scope}`.{owners}",
        "responses": {str(route.status): _success(route)} | {str(code): _failure(code) for code in _failures(route)},
    }
    if parameters := [*_in_path(route), *_in_query(route), *_headers(route)]:
        found["parameters"] = parameters
    if route.body:
        found["requestBody"] = {"required": True, "content": _json("application/json", route.body)}
    return found


def _success(route: ApiRoute) -> dict[str, Any]:
    found: dict[str, Any] = {"description": "Done.", "content": _json("application/json", route.answer)}
    if issubclass(route.answer, CommitmentRow):
        text = "The revision: `If-Match` takes it."
        found["headers"] = {"ETag": {"description": text, "required": True, "schema": {"type": "string"}}}
    if route.status == 201 and route.path == "/commitments":
        followed = {"parameters": {"key": "$response.body#/key"}}
        found["links"] = {one: {"operationId": one, **followed} for one in ("get_commitment", "post_note")}
    return found


def _failures(route: ApiRoute) -> list[int]:
    leaves_out = {403} if route.scope == "read" and route.for_owner else set()
    leaves_out |= set() if "{" in route.path else {404}
    leaves_out |= set() if route.body else {415}
    leaves_out |= set() if route.if_match else {412}
    leaves_out |= set() if route.if_match == "required" else {428}
    return [code for code in FAILURES if code not in leaves_out]


def _failure(code: int) -> dict[str, Any]:
    text = {"text/plain": {"schema": {"type": "string"}}} if code in IN_TEXT else {}
    problem = {} if code in ONLY_IN_TEXT else _json(MEDIA_TYPE, ProblemDetails)
    return {"description": FAILURES[code], "content": problem | text}


def _json(media_type: str, model: type[BaseModel]) -> dict[str, Any]:
    return {media_type: {"schema": {"$ref": REF.format(model=model.__name__)}}}


def _in_path(route: ApiRoute) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": KEY if name == "key" else {"type": "string"}}
        for name in re.findall(r"\{(\w+)\}", route.path)
    ]


def _in_query(route: ApiRoute) -> list[dict[str, Any]]:
    if route.query is None:
        return []
    schema = route.query.model_json_schema(schema_generator=_Quiet)
    return [
        {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", ()),
            "description": one.pop("description", ""),
            "schema": _without_null(one),
        }
        for name, one in schema["properties"].items()
    ]


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a parameter: one that is left out is not there."""
    some = [one for one in schema.pop("anyOf", ()) if one != {"type": "null"}]
    found = {name: value for name, value in schema.items() if name != "title" and value is not None}
    return found | (some[0] if some else {})


def _headers(route: ApiRoute) -> list[dict[str, Any]]:
    found = []
    if route.if_match:
        text = "The `ETag` of what was read. If it has changed since, nothing is done."
        schema: dict[str, Any] = {"type": "string", "examples": ['"3"']}
        required = route.if_match == "required"
        found.append({"name": "If-Match", "in": "header", "required": required, "description": text, "schema": schema})
    if route.method in ("POST", "PATCH"):
        text = (
            "With the same key and the same body again, nothing more is recorded, and the answer says what came of it."
        )
        schema = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"}
        found.append(
            {"name": "Idempotency-Key", "in": "header", "required": False, "description": text, "schema": schema}
        )
    return found
