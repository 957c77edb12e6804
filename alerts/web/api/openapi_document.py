"""The OpenAPI document of the API, made from its routes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib.metadata import version
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from alerts.web.api.api_call import ApiRoute
from alerts.web.api.problem_details import MEDIA_TYPE, ProblemDetails

REF = "#/components/schemas/{model}"
FAILURES = {
    400: "The request cannot be read.",
    401: "No token that works.",
    403: "The token may only read.",
    404: "There is nothing of that name, or it is over.",
    415: "The body is not sent as JSON.",
    422: "What is stated cannot be.",
    429: "Too many wrong tokens.",
    503: "The database cannot be used now, or too many requests run.",
}
Mode = Literal["validation", "serialization"]


def openapi_document(routes: Iterable[ApiRoute], prefix: str, server: str) -> dict[str, Any]:
    """Return the document. `server` is where programs reach the API."""
    routes = list(routes)
    models: dict[type[BaseModel], Mode] = {ProblemDetails: "serialization"}
    for route in routes:
        models[route.answer] = "serialization"
        if route.body:
            models[route.body] = "validation"
    _, schemas = models_json_schema([*models.items()], ref_template=REF)
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
    answer = {"description": "Done.", "content": _json("application/json", route.answer)}
    found: dict[str, Any] = {
        "operationId": route.call.__name__,
        "summary": route.summary,
        "description": f"{route.call.__doc__} Needs a token of the scope `{route.scope}`.",
        "responses": {str(route.status): answer} | {str(code): _failure(code) for code in _failures(route)},
    }
    parameters = [_in_path(name) for name in re.findall(r"\{(\w+)\}", route.path)]
    if route.method == "POST":
        parameters.append(_idempotency_key())
    if parameters:
        found["parameters"] = parameters
    if route.body:
        found["requestBody"] = {"required": True, "content": _json("application/json", route.body)}
    return found


def _failures(route: ApiRoute) -> list[int]:
    leaves_out = {403} if route.scope == "read" else set()
    leaves_out |= set() if "{" in route.path else {404}
    leaves_out |= set() if route.body else {400, 415, 422}
    return [code for code in FAILURES if code not in leaves_out]


def _failure(code: int) -> dict[str, Any]:
    return {"description": FAILURES[code], "content": _json(MEDIA_TYPE, ProblemDetails)}


def _json(media_type: str, model: type[BaseModel]) -> dict[str, Any]:
    return {media_type: {"schema": {"$ref": REF.format(model=model.__name__)}}}


def _in_path(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _idempotency_key() -> dict[str, Any]:
    text = "With the same key and the same body again, nothing more is recorded, and the answer says what came of it."
    schema = {"type": "string", "minLength": 1, "maxLength": 255}
    return {"name": "Idempotency-Key", "in": "header", "required": False, "description": text, "schema": schema}
