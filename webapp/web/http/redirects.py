"""Redirects: only to pages of this panel."""

from urllib.parse import parse_qsl, urlsplit


def local_path(text: str, otherwise: str = "/") -> str:
    """Returns the path with its query if it leads to a page of this panel, else `otherwise`."""
    is_plain = text.isprintable() and text.startswith("/") and not text.startswith("//") and "\\" not in text
    return text.partition("#")[0] if is_plain and len(text) < 2_000 else otherwise


def path_and_params(back: str) -> tuple[str, dict[str, str]]:
    """Splits an address of this panel into its path and the values of its query."""
    parts = urlsplit(back)
    return parts.path, dict(parse_qsl(parts.query))
