"""Errors of the API: problem details in JSON (RFC 9457), with the texts of the command line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from fastapi import Response
from pydantic import BaseModel, Field

from alerts.web.api.commitment_values import RevisionRow

MEDIA_TYPE = "application/problem+json"


class ProblemDetails(BaseModel):
    """What is wrong, and what to do next."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    changes: list[RevisionRow] | None = Field(default=None, description="With 412: what has changed since.")


@dataclass
class ProblemError(Exception):
    """A request that is refused: with a status of HTTP, and why."""

    status: int
    detail: str
    headers: Mapping[str, str] = field(default_factory=dict)
    changes: tuple[RevisionRow, ...] = ()


def problem_response(problem: ProblemError) -> Response:
    """Return the answer that says what is wrong."""
    title = HTTPStatus(problem.status).phrase
    changes = [*problem.changes] if problem.status == 412 else None
    details = ProblemDetails(title=title, status=problem.status, detail=problem.detail, changes=changes)
    return Response(
        details.model_dump_json(exclude_none=changes is None),
        problem.status,
        {**problem.headers},
        media_type=MEDIA_TYPE,
    )
