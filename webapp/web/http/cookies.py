"""The session's cookie: its name, and how it is set and taken away, under https and on plain http."""

from urllib.parse import urlsplit

from fastapi import Request
from fastapi.responses import Response
from starlette.datastructures import Headers
from starlette.types import Scope

from webapp.accounts.sessions import LIFE

COOKIE = "outtray"
# A browser takes this name only over https, for this host alone: no neighbour under the same domain can plant it.
SECURE_COOKIE = "__Host-outtray"


def is_secure(scope: Scope, base_url: str) -> bool:
    """Returns True if the browser came by https.

    Behind a proxy this is known by the X-Forwarded-Proto of one in OUTTRAY_TRUSTED_PROXIES, or by the Host of an
    OUTTRAY_BASE_URL that begins with https.
    """
    base = urlsplit(base_url)
    is_base = base.scheme == "https" and Headers(scope=scope).get("host", "").lower() == base.netloc.lower()
    return scope["scheme"] == "https" or is_base


def without_escapes(scope: Scope) -> Scope:
    """Returns the scope without cookies that hold a backslash; the panel sets none with one.

    Python needs quadratic time for them up to 3.11.9 (CVE-2024-7592): 60 KB of backslashes took 8 seconds.
    """
    headers = [
        (name, b";".join(part for part in value.split(b";") if b"\\" not in part))
        if name == b"cookie"
        else (name, value)
        for name, value in scope["headers"]
    ]
    return {**scope, "headers": headers}


def cookie_of(request: Request) -> str:
    """Returns the value of the session's cookie; empty if there is none."""
    return request.cookies.get(_name(request), "")


def give(request: Request, response: Response, value: str) -> None:
    """Has the browser keep the session for as long as it can last."""
    _set(request, response, value, int(LIFE.total_seconds()))


def take_away(request: Request, response: Response) -> None:
    """Has the browser forget the session."""
    _set(request, response, "", 0)


def _set(request: Request, response: Response, value: str, seconds: int) -> None:
    secure = _is_secure(request)
    response.set_cookie(_name(request), value, seconds, path="/", secure=secure, httponly=True, samesite="lax")


def _name(request: Request) -> str:
    return SECURE_COOKIE if _is_secure(request) else COOKIE


def _is_secure(request: Request) -> bool:
    return is_secure(request.scope, request.app.state.installation.settings.base_url)
