"""Errors of the API: problem details in JSON (RFC 9457), with the texts of the command line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from fastapi import Response
from pydantic import BaseModel

MEDIA_TYPE = "application/problem+json"


class ProblemDetails(BaseModel):
    """What is wrong, and what to do next."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str


@dataclass
class ProblemError(Exception):
    """A request that is refused: with a status of HTTP, and why."""

    status: int
    detail: str
    headers: Mapping[str, str] = field(default_factory=dict)


def problem_response(problem: ProblemError) -> Response:
    """Return the answer that says what is wrong."""
    title = HTTPStatus(problem.status).phrase
    details = ProblemDetails(title=title, status=problem.status, detail=problem.detail)
    return Response(json.dumps(details.model_dump()), problem.status, {**problem.headers}, media_type=MEDIA_TYPE)
