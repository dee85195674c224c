"""Reads what programs send: JSON or a form, never more of it than a limit."""

import json
from contextlib import asynccontextmanager
from typing import Annotated, Any, NoReturn

from fastapi import Depends, Request

from webapp.errors import TooLarge, UserError
from webapp.web.http.multipart import FIELDS_BYTES, MB, FormData, read_posting

LIMIT = 10 * MB  # an email to 20,000 addresses is about 1 MB
DEEPEST = 20  # levels; no form has more than five
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


async def read_body(request: Request) -> bytes:
    """The body as it came; parsing 10 MB takes too long for the event loop."""
    return await _bytes(request, LIMIT)


async def read_fields(request: Request) -> dict[str, Any]:
    """What an endpoint of the article's may be given: nothing, a JSON object, or a form."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in FORMS:
        async with asynccontextmanager(read_posting)(request) as posted:
            return _texts(posted)
    body = await _bytes(request, FIELDS_BYTES)
    return json_object(body) if body.strip() else {}


Body = Annotated[bytes, Depends(read_body)]
Fields = Annotated[dict[str, Any], Depends(read_fields)]


def json_object(body: bytes) -> dict[str, Any]:
    """A JSON object (RFC 8259: no NaN, no Infinity); UserError where it is none."""
    try:
        value = json.loads(body, parse_constant=_refuse_number, parse_float=_finite, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise UserError("The body is not JSON.") from None
    if not isinstance(value, dict):
        raise UserError("The body must be a JSON object.")
    if is_deep(value, DEEPEST):
        raise UserError(f"The body is nested more than {DEEPEST} levels deep.")
    return value


def is_storable(value: Any) -> bool:
    """Whether every text in it can be kept: PostgreSQL stores no NUL, no database half a surrogate pair."""
    if isinstance(value, str):
        return "\0" not in value and not any("\ud800" <= c <= "\udfff" for c in value)
    if isinstance(value, dict):
        return all(is_storable(name) and is_storable(inner) for name, inner in value.items())
    return all(is_storable(inner) for inner in value) if isinstance(value, list) else True


async def _bytes(request: Request, limit: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise TooLarge(f"The body has more than {limit // MB} MB. Longer lists go into an upload.")
    return bytes(body)


def _texts(posted: FormData) -> dict[str, Any]:
    for name in (*posted.files, *posted.refused):
        raise UserError("Send this as text, not as a file.", field=name)
    return {name: posted.one(name) for name in posted.values}


def is_deep(value: Any, levels: int) -> bool:
    """Whether lists and objects stand in one another for more levels than these."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels == 0 or any(is_deep(one, levels - 1) for one in inner if isinstance(one, dict | list))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):  # which of them counts would be a guess (RFC 8259, 4)
        raise UserError("The body has a name twice in one object.")
    return value


def _finite(text: str) -> float:
    number = float(text)
    return number if abs(number) != float("inf") else _refuse_number(text)


def _refuse_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number that JSON knows")
