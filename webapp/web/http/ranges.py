"""Reads the Range of a download (RFC 9110, 14.2): an invalid one is ignored, one beyond the end is refused."""

import re

from fastapi import Request

ONE_RANGE = re.compile(r"bytes=(?:(?P<first>[0-9]{1,18})-(?P<last>[0-9]{0,18})|-(?P<tail>[0-9]{1,18}))")


def is_beyond(request: Request, size: int, etag: str) -> bool:
    """Returns True if the range contains no byte of the file; removes a range that cannot be used."""
    range_ = ONE_RANGE.fullmatch(request.headers.get("range", ""))
    if range_ is None or request.headers.get("if-range", etag) != etag or _is_reversed(range_):
        _ignore_range(request)
        return False
    return int(range_["tail"]) == 0 if range_["tail"] else int(range_["first"]) >= size


def _is_reversed(range_: re.Match[str]) -> bool:
    return bool(range_["last"]) and int(range_["last"]) < int(range_["first"])


def _ignore_range(request: Request) -> None:
    # FileResponse reads the same scope, and would refuse with a page of its own.
    request.scope["headers"] = [(name, value) for name, value in request.scope["headers"] if name != b"range"]
