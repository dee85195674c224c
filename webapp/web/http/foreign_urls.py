"""What a request says of addresses, in Host, Origin and Referer: read without ever raising, trusted nowhere else."""

import re

from fastapi import Request

from webapp.ports.urls import split_url
from webapp.web.http.redirects import safe_path

# A name or an IPv4 address, or an IPv6 address in brackets, with or without a port (RFC 3986, 3.2.2). Names of
# containers have underscores.
_HOST = re.compile(r"(?:[A-Za-z0-9_.-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")


def own_address(request: Request) -> str:
    """Returns scheme, host and port by which the request came; those of the settings if its Host is none."""
    host = request.headers.get("host", "")
    if _HOST.fullmatch(host):
        return f"{request.scope['scheme']}://{host}"
    address: str = request.app.state.installation.settings.address
    return address


def is_own_origin(origin: str, host: str, base_url: str) -> bool:
    """Returns True if an Origin is the host that the request names, or OUTTRAY_BASE_URL."""
    # The scheme is not compared with the connection's: a proxy may have ended the encryption.
    typed, base = split_url(origin.lower()), split_url(base_url.lower())
    is_here = typed.scheme in ("http", "https") and typed.netloc == host.lower() and host != ""
    return is_here or (base.netloc != "" and (typed.scheme, typed.netloc) == (base.scheme, base.netloc))


def referring_path(request: Request) -> str:
    """Returns the path and query of the page that the request came from; / if there is none."""
    url = split_url(request.headers.get("referer", ""))
    return safe_path(url.path + (f"?{url.query}" if url.query else ""))
