"""Answers programs with application/problem+json (RFC 9457)."""

import json
from collections.abc import Sequence
from http import HTTPStatus

from fastapi import Request, Response
from pydantic import BaseModel, ConfigDict

HOOKS = "/hooks/"
MEDIA_TYPE = "application/problem+json"


class Refused(BaseModel):
    """What is wrong with one field."""

    field: str
    message: str


class Problem(BaseModel):
    """Why a request was not done. `errors` has one entry for each refused field; `reference` is for an admin."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    instance: str
    errors: list[Refused] | None = None
    reference: str | None = None

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "about:blank",
                    "title": "Unprocessable Entity",
                    "status": 422,
                    "detail": "Write a subject.",
                    "instance": "/api/v1/tasks",
                    "errors": [{"field": "subject", "message": "Write a subject."}],
                }
            ]
        }
    )


def problem(
    request: Request,
    status: int,
    detail: str,
    *,
    errors: Sequence[dict[str, str]] | None = None,
    reference: str | None = None,
) -> Response:
    """Returns a problem document; `errors` has a `field` and a `message` for each refused field."""
    title = HTTPStatus(status).phrase if status in HTTPStatus.__members__.values() else "Error"
    body: dict[str, object] = {"type": "about:blank", "title": title, "status": status}
    path = request.scope["path"]
    # The rest of a hook's address is its secret.
    body |= {"detail": detail, "instance": f"{HOOKS}…" if path.startswith(HOOKS) else path}
    if errors:
        body["errors"] = list(errors)
    if reference:
        body["reference"] = reference
    # A message may repeat what was posted, and half a surrogate pair has no UTF-8.
    encoded = json.dumps(body, ensure_ascii=False).encode(errors="replace")
    return Response(encoded, status, {"Cache-Control": "no-store"}, MEDIA_TYPE)


WHEN = {
    401: "There is no token, or it does not work any more.",
    403: "The owner of this token may not do that.",
    404: "This does not exist, or it belongs to another person.",
    409: "The state of things does not allow it.",
    410: "It was there and has been deleted.",
    413: "More was sent than the limit allows.",
    416: "The file has none of these bytes.",
    429: "Too many at once; `Retry-After` says when to try again.",
    422: "What was sent is not right; `errors` names the fields.",
    503: "Something that is needed does not work, and `errors` names it; or `Retry-After` says when to try again.",
}


def problems(*statuses: int) -> dict[int | str, dict[str, object]]:
    """Returns the value of a route's `responses`; api/openapi.py adds the schema."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": WHEN[status], "content": content} for status in statuses}
