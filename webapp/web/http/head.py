"""Plain ASGI middleware: answers HEAD as GET without the body, except where GET starts something."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

STARTS = ("/generate-report", "/run-task")  # the article starts work by GET; HEAD must be safe (RFC 9110, 9.2.1)


class HeadMiddleware:
    """Stands right before the routes, none of which knows HEAD: many monitors look with it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD" or scope["path"] in STARTS:
            return await self._app(scope, receive, send)

        async def without_body(message: Message) -> None:
            if message["type"] != "http.response.body":
                await send(message)
            elif not message.get("more_body"):
                await send({"type": "http.response.body", "body": b""})

        await self._app({**scope, "method": "GET"}, receive, without_body)


def with_head(path: str, methods: set[str]) -> set[str]:
    """Returns these methods and HEAD where it belongs to them."""
    return methods | {"HEAD"} if "GET" in methods and path not in STARTS else methods
