"""Reads what programs send: JSON or a form, small, and never more than the limit in memory."""

import json
from typing import Annotated, Any, NoReturn
from urllib.parse import parse_qsl

from fastapi import Depends, Request

from webapp.errors import TooLarge, UserError

LIMIT = 10 << 20  # bytes; an email to 20,000 addresses is about 1 MB


async def read_json(request: Request) -> dict[str, Any]:
    """A JSON object; UserError where it is none."""
    return _object(await _bytes(request))


async def read_json_or_form(request: Request) -> dict[str, Any]:
    """What an article's endpoint may be given: nothing, a JSON object, or a form."""
    body = await _bytes(request)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not body.strip():
        return {}
    if kind == "application/x-www-form-urlencoded":
        return dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
    if kind == "multipart/form-data":
        raise UserError("Send JSON, or a form as application/x-www-form-urlencoded.")
    return _object(body)


JsonBody = Annotated[dict[str, Any], Depends(read_json)]
JsonOrForm = Annotated[dict[str, Any], Depends(read_json_or_form)]


async def _bytes(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LIMIT:
            raise TooLarge(f"More than {LIMIT >> 20} MB of JSON; longer lists go into an upload.")
    return bytes(body)


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise UserError("The body is not JSON.") from None
    if not isinstance(found, dict):
        raise UserError("The body must be a JSON object.")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
