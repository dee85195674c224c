"""Plain ASGI middleware: refuses what another site makes a browser post, and hosts that are not trusted."""

from collections.abc import Sequence

from fastapi import Request
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from webapp.ports.urls import split_url
from webapp.web.http.cookies import COOKIE, SECURE_COOKIE
from webapp.web.http.error_pages import answer
from webapp.web.http.foreign_urls import is_own_origin
from webapp.web.http.problem import HOOKS

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
WRONG_HOST = "Outtray does not answer under this address. Ask an admin for the right one."
REFUSED = "This came from another site, so nothing was done. Open Outtray itself and press again."


class SecurityMiddleware:
    """Stands around the application; `base_url` is OUTTRAY_BASE_URL, `hosts` OUTTRAY_TRUSTED_HOSTS (none: any)."""

    def __init__(self, app: ASGIApp, base_url: str = "", hosts: Sequence[str] = ()) -> None:
        self._app, self._base_url, self._hosts = app, base_url, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        if self._hosts and not is_trusted(Headers(scope=scope).get("host", ""), self._hosts, self._base_url):
            return await answer(Request(scope), 400, WRONG_HOST)(scope, receive, send)
        if is_foreign(scope, self._base_url):
            return await answer(Request(scope), 403, REFUSED)(scope, receive, send)
        await self._app(scope, receive, send)


def is_trusted(host: str, hosts: Sequence[str], base_url: str) -> bool:
    """Returns True if a Host header names one of these hosts, the panel's own address, or this machine.

    This machine's names are always right: checks of its health use them, and no foreign name resolves under them.
    """
    url = split_url(f"http://{host.lower()}")
    name = f"[{url.hostname}]" if url.hostname and ":" in url.hostname else url.hostname or ""
    known = {*hosts, *LOOPBACK, split_url(base_url.lower()).hostname or ""} - {""}
    return name in known or any(one.startswith("*.") and name.endswith(one[1:]) for one in hosts)


def is_foreign(scope: Scope, base_url: str) -> bool:
    """Returns True if this may be a form that another site made a browser send.

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
        return not is_own_origin(origin, headers.get("host", ""), base_url)
    return _has_session(headers)


def _has_session(headers: Headers) -> bool:
    names = {part.partition("=")[0].strip() for line in headers.getlist("cookie") for part in line.split(";")}
    return bool(names & {COOKIE, SECURE_COOKIE})
