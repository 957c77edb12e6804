"""The routes of the API: each asks for its token first, then does what its resource says, or answers with a problem."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.exception_handlers import http_exception_handler
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from alerts.actions.preconditions import NotAsShownError
from alerts.core.permissions import NotAllowedError, RecordedBeforeError
from alerts.deadlines.errors import InputError
from alerts.scheduled_rules import ScheduledRule
from alerts.store.store_error import OverError, StoreError
from alerts.web.api import (
    absence_resource,
    commitment_actions,
    commitment_list,
    commitment_resource,
    delivery_resource,
    directory_resource,
    plan_resource,
    resolve_resource,
    silence_resource,
)
from alerts.web.api.api_call import ApiCall, ApiContext, ApiRoute, change_of, revisions_read
from alerts.web.api.commitment_reading import has_changed
from alerts.web.api.commitment_values import CommitmentRow
from alerts.web.api.openapi_document import openapi_document
from alerts.web.api.problem_details import ProblemError, problem_response
from alerts.web.api.token_check import TokenCheck
from alerts.web.pages.due_index import DueIndex
from alerts.web.services import Services

PREFIX = "/api/v1"
DOCUMENT = f"{PREFIX}/openapi.json"
RESOURCES = (
    commitment_list, commitment_resource, commitment_actions, resolve_resource, plan_resource, delivery_resource,
    directory_resource, absence_resource, silence_resource,
)  # fmt: skip
ROUTES: tuple[ApiRoute, ...] = tuple(route for resource in RESOURCES for route in resource.ROUTES)


async def _body(request: Request) -> bytes:
    return await request.body()


def api_routes(services: Services, index: DueIndex) -> APIRouter:
    """Return the routes of the API."""
    router, check = APIRouter(), TokenCheck(services)
    context = ApiContext(services, ScheduledRule.all(services.settings.rules), index)
    document = openapi_document(ROUTES, PREFIX, services.http.shown_address)

    @router.get(DOCUMENT)
    async def openapi() -> Response:
        return JSONResponse(document)

    for route in ROUTES:
        _add(router, context, check, route)
    return router


def add_problem_details(app: FastAPI) -> None:
    """Let what no route of the API answers be a problem in JSON as well."""

    @app.exception_handler(HTTPException)
    async def unanswered(request: Request, error: HTTPException) -> Response:
        if not request.url.path.startswith("/api/"):
            return await http_exception_handler(request, error)
        text, headers = "there is nothing here", dict(error.headers or {})
        if error.status_code == 405:
            text, headers["Allow"] = "the API does not take this method here", _allowed(request.url.path)
        return problem_response(ProblemError(error.status_code, f"{text}: {DOCUMENT} describes it", headers))


def _allowed(path: str) -> str:
    """Return the methods that an address takes."""
    found = [route.method for route in ROUTES if compile_path(PREFIX + route.path)[0].fullmatch(path)]
    return ", ".join(found or ["GET"])  # that of the document


def _add(router: APIRouter, context: ApiContext, check: TokenCheck, route: ApiRoute) -> None:
    @router.api_route(PREFIX + route.path, methods=[route.method])
    def answer(request: Request, body: Annotated[bytes, Depends(_body)]) -> Response:
        try:
            return _answer(route, _call(context, check, route, request, body))
        except ProblemError as problem:
            return problem_response(problem)


def _call(context: ApiContext, check: TokenCheck, route: ApiRoute, request: Request, body: bytes) -> ApiCall:
    services = context.services
    address = request.client.host if request.client else ""
    try:
        token = check.require(request.headers, address, route, services.clock())
    except StoreError as error:
        raise _unavailable() from error
    headers = dict(request.headers) if route.method in ("POST", "PATCH") else {}
    name = f"{route.method} {route.path.format(**request.path_params)}"
    change = change_of(services, token, headers, name, body)
    if route.if_match:
        change = replace(change, revisions=revisions_read(headers, route.if_match))
    query: dict[str, list[str]] = {}
    for stated, value in request.query_params.multi_items():
        query.setdefault(stated, []).append(value)
    if query and route.query is None:
        raise ProblemError(422, f"unknown parameter {next(iter(query))!r}: this address takes none")
    return ApiCall(
        context=context, token=token, route=name, path=request.path_params, query=query, headers=headers, body=body,
        change=change,
    )  # fmt: skip


def _answer(route: ApiRoute, call: ApiCall) -> Response:
    """Return the answer. Raises ProblemError."""
    try:
        try:
            found = route.call(call)
        except RecordedBeforeError as before:
            assert route.again is not None
            found = route.again(call, before.result)
        except NotAsShownError:
            raise has_changed(call) from None
    except StoreError as error:
        raise _unavailable() from error
    except NotAllowedError as error:
        raise ProblemError(403, str(error)) from None
    except OverError as error:
        raise ProblemError(404, str(error)) from None
    except InputError as error:
        raise ProblemError(422, str(error)) from None
    headers = {"ETag": f'"{found.revision}"'} if isinstance(found, CommitmentRow) else {}
    return Response(found.model_dump_json(by_alias=True), route.status, headers, media_type="application/json")


def _unavailable() -> ProblemError:
    return ProblemError(503, "the database cannot be used now: try again in a moment", {"Retry-After": "5"})
