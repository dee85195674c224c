"""The headers that keep a browser safe, put on every answer."""

from collections.abc import Mapping

from starlette.datastructures import MutableHeaders
from starlette.types import Message

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
SECURE_HEADERS = HEADERS | {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=15552000",  # 180 days
}


def _encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]


_PLAIN, _SECURE = _encoded(HEADERS), _encoded(SECURE_HEADERS)


def complete(start: Message, *, is_secure: bool) -> None:
    """Adds to the start of an answer those headers that it does not have; cookies are Secure under https."""
    if not start.get("headers"):  # that of an unchanged poll, which must cost next to nothing
        start["headers"] = list(_SECURE if is_secure else _PLAIN)
        return
    if is_secure:
        start["headers"] = [(name, _secure_cookie(name, value)) for name, value in start["headers"]]
    made = MutableHeaders(scope=start)
    for name, value in (SECURE_HEADERS if is_secure else HEADERS).items():
        made.setdefault(name, value)
    if made.get("content-type", "").startswith("text/html") or "content-disposition" in made:
        made.setdefault("Cache-Control", "no-store")


def _secure_cookie(name: bytes, value: bytes) -> bytes:
    is_open = (
        name.lower() == b"set-cookie" and not value.lower().endswith(b"; secure") and b"; secure;" not in value.lower()
    )
    return value + b"; Secure" if is_open else value
