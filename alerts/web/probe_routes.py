"""`/healthz` and `/readyz`: whether this process is alive, and whether it can serve a request."""

from __future__ import annotations

import logging

from fastapi import APIRouter, Response

from alerts.deadlines.errors import InputError
from alerts.web.services import Services

log = logging.getLogger(__name__)


def probe_routes(services: Services) -> APIRouter:
    """Return the routes that probes use. Their answers have no body.

    They say nothing about channels: a delivery that is stuck must not take away the server through which it is mended.
    """
    router = APIRouter()

    @router.api_route("/healthz", methods=["GET", "HEAD"])
    async def alive() -> Response:  # not in a thread: it answers while all threads are busy
        return Response(status_code=204)

    @router.api_route("/readyz", methods=["GET", "HEAD"])
    def ready() -> Response:
        try:
            current = services.store.database.is_current()
        except InputError as error:
            log.warning("not ready: %s", error)
            current = False
        return Response(status_code=204 if current else 503)

    return router
