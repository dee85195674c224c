"""Plain ASGI middleware around everything else: no exception passes it, and no answer leaves without safety headers."""

import logging

from fastapi import Request
from fastapi.responses import PlainTextResponse, Response
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from webapp.db.faults import is_passing
from webapp.references import new_reference
from webapp.web.http.cookies import is_secure, without_escapes
from webapp.web.http.error_pages import unavailable, unexpected
from webapp.web.http.safety_headers import complete

log = logging.getLogger(__name__)


class CatchAllMiddleware:
    """What nobody expected is logged with a reference and answered in neutral words; `base_url`: OUTTRAY_BASE_URL."""

    def __init__(self, app: ASGIApp, base_url: str = "") -> None:
        self._app, self._base_url = app, base_url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        if any(name == b"cookie" and b"\\" in value for name, value in scope["headers"]):
            scope = without_escapes(scope)
        has_begun = False

        async def complete_and_send(message: Message) -> None:
            nonlocal has_begun
            if message["type"] == "http.response.start":
                has_begun = True
                complete(message, is_secure=is_secure(scope, self._base_url))
            await send(message)

        try:
            await self._app(scope, receive, complete_and_send)
        except ClientDisconnect:
            return  # nobody is left to read an answer, and nothing here is broken
        except Exception as error:
            reference = new_reference()
            if is_passing(error):
                log.warning("%s %s %s: %s", reference, scope["method"], route_of(scope), error)
            else:
                log.exception("%s %s %s", reference, scope["method"], route_of(scope))
            if has_begun:
                raise
            await _answer(scope, error, reference)(scope, receive, complete_and_send)


def route_of(scope: Scope) -> str:
    """Returns the template of the path: a path itself may hold a secret, such as that of an invitation."""
    found = (route.path for route in scope["app"].state.routes if route.path_regex.match(scope["path"]))
    return str(next(found, "(no route)"))


def _answer(scope: Scope, error: Exception, reference: str) -> Response:
    try:
        return unavailable(Request(scope)) if is_passing(error) else unexpected(Request(scope), reference)
    except Exception:  # what draws the error page may be what is broken
        log.exception("%s the error page cannot be drawn", reference)
        return PlainTextResponse(f"Something went wrong on our side. Tell an admin: Reference {reference}.", 500)
