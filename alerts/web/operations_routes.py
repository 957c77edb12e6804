"""`/status` and `/metrics`, for monitoring."""

from __future__ import annotations

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, ProcessCollector, generate_latest

from alerts.daemon_status import is_alive
from alerts.deadlines.errors import InputError
from alerts.health_problems import NO_DAEMON, delivery_problems
from alerts.web.request_metrics import REQUESTS
from alerts.web.services import Services
from alerts.web.store_metrics import StoreMetrics

SECOND = "%Y-%m-%dT%H:%M:%SZ"


def operations_routes(services: Services) -> APIRouter:
    """Return the routes for monitoring. They show how things are, so they have a listener of their own."""
    router = APIRouter()
    registry = CollectorRegistry()
    registry.register(StoreMetrics(services))
    registry.register(REQUESTS)
    ProcessCollector(registry=registry)

    @router.get("/metrics")
    def metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    @router.get("/status")
    def status() -> Response:
        reasons = _reasons(services)
        found = {"status": "failing", "reasons": reasons} if reasons else {"status": "ok"}
        return JSONResponse(found | _held_and_away(services), status_code=503 if reasons else 200)

    return router


def _reasons(services: Services) -> list[str]:
    """Return what `alerts health` would, as far as the database shows it."""
    now, store = services.clock(), services.store
    try:
        reasons = [] if is_alive(store, now) else [NO_DAEMON]
        return reasons + delivery_problems(store, now, lambda at: f"{at:%a %-d %b %Y %H:%M} UTC")
    except InputError as error:
        return [str(error)]


def _held_and_away(services: Services) -> dict[str, object]:
    """Return the silences in force and who is away, without addresses; nothing where the database cannot be used."""
    now, store = services.clock(), services.store
    try:
        silences, absences = store.silences.lasting(now), store.absences.all(now)
    except InputError:
        return {}
    people = absences.people
    names = {key: one.name for key, one in people.items()}
    away = [one for one in absences.recorded if one.includes(now) and one.person in people]
    return {
        "silences": [
            {"what": one.to_text, "until": f"{one.ends:{SECOND}}", "reason": one.reason}
            for one in silences
            if one.since <= now
        ],
        "away": [
            {"person": names[one.person], "until": f"{one.ends_at:{SECOND}}",
             "deputy": names.get(one.deputy or people[one.person].deputy or "")}
            for one in away
        ],
    }  # fmt: skip
