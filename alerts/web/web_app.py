"""The applications of the two listeners: one for readers and calendars, one for monitoring."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI

from alerts.store.database import CONNECTIONS
from alerts.web.probe_routes import probe_routes
from alerts.web.services import Services

HANDLER_THREADS = CONNECTIONS // 2  # a handler that reads while it writes uses two connections


def create_app(services: Services) -> FastAPI:
    """Return the application of the public listener."""
    app = _plain_app()
    app.include_router(probe_routes(services))
    return app


def create_operations_app(services: Services) -> FastAPI:
    """Return the application of the listener for monitoring."""
    app = _plain_app()
    app.include_router(probe_routes(services))
    return app


def _plain_app() -> FastAPI:
    """Return an application without pages of its own. Paths are taken as they are."""
    return FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False, lifespan=_limit_threads)


@asynccontextmanager
async def _limit_threads(_: FastAPI) -> AsyncIterator[None]:
    current_default_thread_limiter().total_tokens = HANDLER_THREADS
    yield
