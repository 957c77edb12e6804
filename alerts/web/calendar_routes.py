"""The route of calendar feeds: `/calendar/TOKEN.ics`."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from alerts.web.calendar_feeds import CalendarFeeds, FeedAnswer
from alerts.web.services import Services


def calendar_routes(services: Services) -> APIRouter:
    """Return the route of calendar feeds. It takes no notice of `Accept`, which Google does not send."""
    router, feeds = APIRouter(), CalendarFeeds(services)

    @router.api_route("/calendar/{token}.ics", methods=["GET", "HEAD"])
    def calendar(token: str, request: Request) -> Response:
        address = request.client.host if request.client else ""
        return _response(feeds.answer(token, address, request.headers.get("if-none-match", "")))

    return router


def _response(answer: FeedAnswer) -> Response:
    if not answer.is_calendar:
        return Response(answer.body, answer.status, {**answer.headers}, media_type="text/plain")
    headers = {**answer.headers, "Content-Disposition": 'inline; filename="deadlines.ics"'}
    return Response(answer.body, answer.status, headers, media_type="text/calendar")
