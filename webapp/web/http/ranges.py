"""Reads the Range of a download (RFC 9110, 14.2): one that makes no sense is ignored, one beyond the end refused."""

import re

from fastapi import Request

ONE_RANGE = re.compile(r"bytes=(?:(?P<first>[0-9]{1,18})-(?P<last>[0-9]{0,18})|-(?P<tail>[0-9]{1,18}))")


def is_beyond(request: Request, size: int, etag: str) -> bool:
    """Whether nothing of the file lies in the range that is asked for; without a usable range the whole is sent."""
    asked = ONE_RANGE.fullmatch(request.headers.get("range", ""))
    if asked is None or request.headers.get("if-range", etag) != etag or _is_reversed(asked):
        _ignore_range(request)
        return False
    return int(asked["tail"]) == 0 if asked["tail"] else int(asked["first"]) >= size


def _is_reversed(asked: re.Match[str]) -> bool:
    return bool(asked["last"]) and int(asked["last"]) < int(asked["first"])


def _ignore_range(request: Request) -> None:
    # The file's own answer looks into the same scope, and refuses in words of its own.
    request.scope["headers"] = [(name, value) for name, value in request.scope["headers"] if name != b"range"]
