"""Plain ASGI middleware: refuses what another site makes a browser post, and puts the safety headers on each answer."""

from urllib.parse import urlsplit

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from webapp.web.http.cookies import COOKIE, SECURE_COOKIE, is_secure
from webapp.web.http.error_pages import answer
from webapp.web.http.problem import HOOKS

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
REFUSED = "This came from another site, so nothing was done. Open Outtray itself and press again."

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    # Never no-referrer: on plain http a browser would then send “Origin: null”, and every form would be refused.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}
# Browsers heed these only where they can trust the address, and complain in their console elsewhere.
SECURE_HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=15552000",  # 180 days
}


class SecurityMiddleware:
    """Stands around the application; `base_url` is OUTTRAY_BASE_URL."""

    def __init__(self, app: ASGIApp, base_url: str = "") -> None:
        self._app, self._base_url = app, base_url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        headers = HEADERS | SECURE_HEADERS if is_secure(scope, self._base_url) else HEADERS

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                _complete(MutableHeaders(scope=message), headers)
            await send(message)

        if is_foreign(scope, self._base_url):
            return await answer(Request(scope), 403, REFUSED)(scope, receive, with_headers)
        await self._app(scope, receive, with_headers)


def is_foreign(scope: Scope, base_url: str) -> bool:
    """Whether this may be a form that another site made a browser send.

    Sec-Fetch-Site tells, where the address is https or localhost (“none”: typed or reloaded by the person). On plain
    http browsers send Origin only. A browser's POST with neither is refused; a program sends its token, which no
    other site can make a browser send.
    """
    headers = Headers(scope=scope)
    if scope["path"].startswith(HOOKS):  # the address itself is the secret, and no cookie counts there
        return False
    if scope["method"] in SAFE_METHODS or headers.get("authorization", "").lower().startswith("bearer "):
        return False
    if site := headers.get("sec-fetch-site"):
        return site not in ("same-origin", "none")
    if origin := headers.get("origin"):
        return not _is_own(origin, headers.get("host", ""), base_url)
    return _has_session(headers)


def _is_own(origin: str, host: str, base_url: str) -> bool:
    # The scheme is not compared with the connection's: a proxy may have ended the encryption.
    typed = urlsplit(origin.lower())
    is_here = typed.scheme in ("http", "https") and typed.netloc == host.lower() and host != ""
    base = urlsplit(base_url.lower())
    return is_here or (base.netloc != "" and (typed.scheme, typed.netloc) == (base.scheme, base.netloc))


def _has_session(headers: Headers) -> bool:
    names = {part.partition("=")[0].strip() for line in headers.getlist("cookie") for part in line.split(";")}
    return bool(names & {COOKIE, SECURE_COOKIE})


def _complete(made: MutableHeaders, headers: dict[str, str]) -> None:
    for name, value in headers.items():
        made.setdefault(name, value)
    if made.get("content-type", "").startswith("text/html"):
        made.setdefault("Cache-Control", "no-store")
