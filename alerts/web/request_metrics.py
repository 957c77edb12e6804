"""How many requests this process has served, and how fast."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram

METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST"})  # a client may state any
REQUESTS = CollectorRegistry()
_COUNT = Counter(
    "alerts_http_requests", "Requests that the HTTP server answered.", ["method", "route", "status"], registry=REQUESTS
)
_SECONDS = Histogram(
    "alerts_http_request_seconds", "How long requests took, from their headers on.", ["route"], registry=REQUESTS
)


def count_request(method: str, route: str, status: int, seconds: float) -> None:
    """Count a request. `route` is its path without what varies, `…` where it led nowhere."""
    _COUNT.labels(method if method in METHODS else "other", route, str(status or "none")).inc()
    _SECONDS.labels(route).observe(seconds)
