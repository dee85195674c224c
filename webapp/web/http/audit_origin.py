"""Plain ASGI middleware: begins the origin of a request, which guards complete and the audit trail reads."""

from starlette.types import ASGIApp, Receive, Scope, Send

from webapp.audit import origin


class AuditOriginMiddleware:
    """Notes the network address; who acts is not known yet."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        network = scope["client"][0] if scope.get("client") else ""
        with origin.acting(origin.of_request(network)):
            await self._app(scope, receive, send)
