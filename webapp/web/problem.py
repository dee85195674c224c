"""Answers programs with application/problem+json (RFC 9457)."""

from collections.abc import Sequence
from http import HTTPStatus

from fastapi import Request
from fastapi.responses import JSONResponse

MEDIA_TYPE = "application/problem+json"


def problem(
    request: Request,
    status: int,
    detail: str,
    *,
    errors: Sequence[dict[str, str]] | None = None,
    reference: str | None = None,
) -> JSONResponse:
    """A problem document; `errors` has a `field` and a `message` for each refused field."""
    body: dict[str, object] = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    body |= {"detail": detail, "instance": request.url.path}
    if errors:
        body["errors"] = list(errors)
    if reference:
        body["reference"] = reference
    return JSONResponse(body, status, {"Cache-Control": "no-store"}, MEDIA_TYPE)


PROBLEM: dict[str, object] = {
    "description": "What is wrong, in plain words.",
    "content": {
        MEDIA_TYPE: {
            "schema": {"type": "object"},
            "example": {
                "type": "about:blank",
                "title": "Unprocessable Entity",
                "status": 422,
                "detail": "Write a subject.",
                "instance": "/api/v1/tasks",
                "errors": [{"field": "subject", "message": "Write a subject."}],
            },
        }
    },
}
"""How OpenAPI describes a refusal."""


def problems(*statuses: int) -> dict[int | str, dict[str, object]]:
    """For a route's `responses`."""
    return dict.fromkeys(statuses, PROBLEM)
