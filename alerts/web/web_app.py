"""The applications of the two listeners: one for readers and calendars, one for monitoring."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI
from starlette.types import Lifespan

from alerts.web.access_log import AccessLog
from alerts.web.answer_routes import answer_routes
from alerts.web.api.api_routes import add_problem_details, api_routes
from alerts.web.calendar_routes import calendar_routes
from alerts.web.operations_routes import operations_routes
from alerts.web.pages.due_index import DueIndex, due_index
from alerts.web.pages.page_routes import page_routes
from alerts.web.pages.sign_in.link_sessions import who_signed_in
from alerts.web.probe_routes import probe_routes
from alerts.web.request_limits import RequestLimits
from alerts.web.services import Services

SQLITE_THREADS = 1  # a commit of the daemon waits for all who read, and threads of one interpreter read slowly
POSTGRESQL_THREADS = 4  # of one interpreter: more wait for each other. Each may need two of the pooled connections


def create_app(services: Services, index: DueIndex | None = None) -> FastAPI:
    """Return the application of the public listener. `index`: what its pages read; else one that is empty."""
    http = services.http
    app = _plain_app(services, http.bind, http.public_host)
    app.include_router(calendar_routes(services))
    app.include_router(answer_routes(services, who_signed_in(services)))
    index = index or due_index(services)
    app.include_router(api_routes(services, index))
    app.include_router(page_routes(services, index))
    add_problem_details(app)
    return app


def create_operations_app(services: Services) -> FastAPI:
    """Return the application of the listener for monitoring."""
    host, _ = services.http.operations or ("127.0.0.1", 0)
    app = _plain_app(services, host, None)
    app.include_router(operations_routes(services))
    return app


def _plain_app(services: Services, bind: str, public_host: str | None) -> FastAPI:
    """Return an application with the routes and limits that both have. Paths are taken as they are."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False, lifespan=_limits(services))
    app.include_router(probe_routes(services))
    app.add_middleware(RequestLimits, bind=bind, public_host=public_host)
    app.add_middleware(AccessLog, trusted_proxies=services.http.trusted_proxies)  # the last added is the outermost
    return app


def _limits(services: Services) -> Lifespan[FastAPI]:
    """Return what limits the threads of handlers while an application runs."""
    threads = SQLITE_THREADS if services.store.database.sqlite else POSTGRESQL_THREADS

    @asynccontextmanager
    async def limit(_: FastAPI) -> AsyncIterator[None]:
        current_default_thread_limiter().total_tokens = threads
        yield

    return limit
