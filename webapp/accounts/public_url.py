"""The address that colleagues open: the environment's, or the one that the first admin confirmed at the set-up."""

import ipaddress

from sqlalchemy import Connection

from webapp.db import preferences
from webapp.errors import UserError
from webapp.ports.urls import split_url
from webapp.settings import Settings

_KEY = "address"
_WORDS = "Write an address such as http://outtray.office:8000."


def known(conn: Connection, settings: Settings) -> str:
    """Returns the address without a / at its end; empty if none was set."""
    return settings.base_url or preferences.get(conn, preferences.EVERYBODY, _KEY) or ""


def of(conn: Connection, settings: Settings) -> str:
    """Returns the address that people open, without a / at its end: the known one, else host and port."""
    return known(conn, settings) or settings.address


def keep(conn: Connection, address: str) -> None:
    preferences.put(conn, preferences.EVERYBODY, _KEY, address)


def read(text: str) -> str:
    """Returns scheme, host and port of a typed address; raises UserError if it is none."""
    typed = text.strip() if "://" in text else f"http://{text.strip()}"
    url = split_url(typed)
    host, port = url.hostname or "", f":{url.port}" if url.port else ""
    is_plain = all(c.isalnum() or c in ".-:" for c in host)
    if url.scheme not in ("http", "https") or not host or not is_plain or url.username is not None or len(typed) > 300:
        raise UserError(_WORDS, "address")
    return f"{url.scheme}://{f'[{host}]' if ':' in host else host}{port}"


def is_local(address: str) -> bool:
    """Returns True if only this computer can open it."""
    host = split_url(address).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        known = ipaddress.ip_address(host)
    except ValueError:
        return False
    return known.is_loopback or known.is_unspecified
