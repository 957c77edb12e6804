"""The route of calendar feeds: `/calendar/TOKEN.ics`."""

from __future__ import annotations

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request, Response

from alerts.web.calendar_feeds import AT_ONCE, CalendarFeeds, FeedAnswer
from alerts.web.services import Services

THREADS = 2 * AT_ONCE  # of their own: no answer page waits for a calendar


def calendar_routes(services: Services) -> APIRouter:
    """Return the route of calendar feeds. It takes no notice of `Accept`, which Google does not send."""
    router, feeds = APIRouter(), CalendarFeeds(services)
    threads = CapacityLimiter(THREADS)

    @router.api_route("/calendar/{token}.ics", methods=["GET", "HEAD"])
    async def calendar(token: str, request: Request) -> Response:
        address = request.client.host if request.client else ""
        known = request.headers.get("if-none-match", "")
        return _response(await to_thread.run_sync(feeds.answer, token, address, known, limiter=threads))

    return router


def _response(answer: FeedAnswer) -> Response:
    if not answer.is_calendar:
        return Response(answer.body, answer.status, {**answer.headers}, media_type="text/plain")
    headers = {**answer.headers, "Content-Disposition": 'inline; filename="deadlines.ics"'}
    return Response(answer.body, answer.status, headers, media_type="text/calendar")
