"""Splits URLs that other programs and people wrote."""

from urllib.parse import SplitResult, urlsplit

NO_URL = SplitResult("", "", "", "", "")


def split_url(text: str) -> SplitResult:
    """Returns the parts of a URL, all of them empty if the text is none. Never raises, and `port` of them neither."""
    try:
        parts = urlsplit(text)
        _ = parts.port  # raises for a port that is no number, or too large for one
    except ValueError:
        return NO_URL
    return parts
