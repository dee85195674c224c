"""Reads what programs send: JSON or a form, never more of it than a limit."""

from collections.abc import Iterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Depends, Request

from webapp.errors import FormErrors, UserError
from webapp.ports.json_text import load_json
from webapp.ports.values import UNSTORABLE, require_storable
from webapp.web.http.budget import MB, budget_of, read_whole
from webapp.web.http.multipart import FormData, read_posting

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


async def read_body(request: Request) -> bytes:
    """Returns the body as it came; parsing 10 MB takes too long for the event loop."""
    limit = budget_of(request).body
    return await read_whole(request, limit, f"The body has more than {limit // MB} MB. Longer lists go into an upload.")


async def read_fields(request: Request) -> dict[str, Any]:
    """What an endpoint of the article's may be given: nothing, a JSON object, or a form."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in FORMS:
        async with asynccontextmanager(read_posting)(request) as posted:
            return _texts(posted)
    body = await read_body(request)
    return json_object(body) if body.strip() else {}


Body = Annotated[bytes, Depends(read_body)]
Fields = Annotated[dict[str, Any], Depends(read_fields)]


def json_object(body: bytes) -> dict[str, Any]:
    """Returns the object of a body; raises UserError if it is none, FormErrors beside what cannot be stored."""
    try:
        value = load_json(body, "The body")
    except ValueError as error:
        raise UserError(str(error)) from None
    if not isinstance(value, dict):
        raise UserError("The body must be a JSON object.")
    if wrong := {name for name, inner in _named(value) if not _is_storable(inner)}:
        raise FormErrors(dict.fromkeys(sorted(wrong), UNSTORABLE))
    return value


def _named(body: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Each field, those of the form by their own names: nobody would find “form” on a page."""
    for name, value in body.items():
        if name == "form" and isinstance(value, dict):
            yield from value.items()
        else:
            yield name, value


def _is_storable(value: Any) -> bool:
    try:
        require_storable(value)
    except ValueError:
        return False
    return True


def _texts(posted: FormData) -> dict[str, Any]:
    for name in (*posted.files, *posted.refused):
        raise UserError("Send this as text, not as a file.", field=name)
    return {name: posted.one(name) for name in posted.values}
