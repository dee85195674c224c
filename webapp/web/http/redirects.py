"""Where a request may lead to: only to pages of this panel."""

from urllib.parse import parse_qsl, quote, urlsplit

from fastapi import Request

LONGEST = 2_000  # characters
# Who has just signed in, or pressed a button, would be sent round in a circle.
NO_WAY_BACK = ("/login", "/logout", "/setup")


def safe_path(text: str, otherwise: str = "/") -> str:
    """Returns a path with its query if it leads to a page of this panel, else `otherwise`.

    Browsers take \\ for / and drop tabs and line breaks, so each could hide a second / at the beginning.
    """
    is_plain = all(c.isprintable() and c not in "\\ " for c in text) and len(text) < LONGEST
    is_here = text.startswith("/") and not text.startswith(("//", *NO_WAY_BACK))
    return text.partition("#")[0] if is_plain and is_here else otherwise


def path_of(request: Request, path: str) -> str:
    """Returns this path, quoted, with the query of the request; / if that is no safe path."""
    query = request.scope["query_string"].decode("latin-1")
    return safe_path(quote(path, errors="replace") + (f"?{query}" if query else ""))


def path_and_params(back: str) -> tuple[str, dict[str, str]]:
    """Splits a safe path into its path and the values of its query."""
    parts = urlsplit(back)
    return parts.path, dict(parse_qsl(parts.query))
