"""The routes of the API: each asks for its token first, then does what its resource says, or answers with a problem."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.exception_handlers import http_exception_handler
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from alerts.core.permissions import NotAllowedError, RecordedBeforeError
from alerts.deadlines.errors import InputError
from alerts.store.store_error import OverError, StoreError
from alerts.web.api import absence_resource, silence_resource
from alerts.web.api.api_call import ApiCall, ApiRoute, change_of
from alerts.web.api.openapi_document import openapi_document
from alerts.web.api.problem_details import ProblemError, problem_response
from alerts.web.api.token_check import TokenCheck
from alerts.web.services import Services

PREFIX = "/api/v1"
DOCUMENT = f"{PREFIX}/openapi.json"
RESOURCES = (absence_resource, silence_resource)
ROUTES: tuple[ApiRoute, ...] = tuple(route for resource in RESOURCES for route in resource.ROUTES)


async def _body(request: Request) -> bytes:
    return await request.body()


def api_routes(services: Services) -> APIRouter:
    """Return the routes of the API."""
    router, check = APIRouter(), TokenCheck(services)
    document = openapi_document(ROUTES, PREFIX, services.http.shown_address)

    @router.get(DOCUMENT)
    async def openapi() -> Response:
        return JSONResponse(document)

    for route in ROUTES:
        _add(router, services, check, route)
    return router


def add_problem_details(app: FastAPI) -> None:
    """Let what no route of the API answers be a problem in JSON as well."""

    @app.exception_handler(HTTPException)
    async def unanswered(request: Request, error: HTTPException) -> Response:
        if not request.url.path.startswith("/api/"):
            return await http_exception_handler(request, error)
        text = "the API does not take this method here" if error.status_code == 405 else "there is nothing here"
        return problem_response(
            ProblemError(error.status_code, f"{text}: {DOCUMENT} describes it", error.headers or {})
        )


def _add(router: APIRouter, services: Services, check: TokenCheck, route: ApiRoute) -> None:
    @router.api_route(PREFIX + route.path, methods=[route.method])
    def answer(request: Request, body: Annotated[bytes, Depends(_body)]) -> Response:
        try:
            call = _call(services, check, route, request, body)
            found = _answer(route, call)
            return Response(found, route.status, media_type="application/json")
        except ProblemError as problem:
            return problem_response(problem)


def _call(services: Services, check: TokenCheck, route: ApiRoute, request: Request, body: bytes) -> ApiCall:
    address = request.client.host if request.client else ""
    try:
        token = check.require(request.headers, address, route, services.clock())
    except StoreError as error:
        raise _unavailable() from error
    headers = dict(request.headers) if route.method == "POST" else {}
    name = f"{route.method} {route.path}"
    change = change_of(services, token, headers, name, body)
    return ApiCall(
        services=services, token=token, route=name, path=request.path_params, headers=headers, body=body, change=change
    )


def _answer(route: ApiRoute, call: ApiCall) -> str:
    """Return the JSON of an answer. Raises ProblemError."""
    try:
        try:
            found = route.call(call)
        except RecordedBeforeError as before:
            assert route.again is not None
            found = route.again(call, before.result)
    except StoreError as error:
        raise _unavailable() from error
    except NotAllowedError as error:
        raise ProblemError(403, str(error)) from None
    except OverError as error:
        raise ProblemError(404, str(error)) from None
    except InputError as error:
        raise ProblemError(422, str(error)) from None
    return found.model_dump_json(by_alias=True)


def _unavailable() -> ProblemError:
    return ProblemError(503, "the database cannot be used now: try again in a moment", {"Retry-After": "5"})
