"""What one request may send: bytes, parts, files and seconds, known before the first byte of its body is read."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from fastapi import Request
from fastapi.routing import APIRoute

from webapp.errors import RequestTimeout, TooLarge

KB, MB = 1 << 10, 1 << 20
SILENCE_SECONDS = 20.0  # between two pieces of a body; a phone that changes networks needs a few
LATE = "This took too long to arrive, so nothing was done. Try it once more."


class Visitor(Enum):
    """Who may call a route."""

    ANYONE = "anyone"
    SIGNED_IN = "a signed-in person"
    ADMIN = "a signed-in admin"
    PROGRAM = "a program with a token"


@dataclass(frozen=True, kw_only=True)
class Budget:
    """The most that one request may send: `body` bytes in at most `parts` fields, and so many files besides.

    `seconds` is the time for the whole body. A route without a body has a budget of 0 bytes.
    """

    body: int = 0
    parts: int = 0
    files: int = 0
    seconds: float = 30.0

    def total(self, upload_limit: int) -> int:
        """Returns the most bytes of a whole multipart body.

        Files may come to twice the upload limit together: the rest of one that is too large is read, not stored,
        because a browser that is cut off while it sends shows no answer.
        """
        return self.body + self.parts * PART_FRAME + (2 * upload_limit if self.files else 0)


PART_FRAME = 200  # bytes around one part of a multipart body: boundary, Content-Disposition, Content-Type

NO_BODY = Budget()
BUTTON = Budget(body=16 * KB, parts=100)
LINK_FORM = Budget(body=16 * KB, parts=50, seconds=20)  # sign-in and links: reached without a session
WEBHOOK = Budget(body=64 * KB, seconds=20)
FORM = Budget(body=256 * KB, parts=500)
# A sheet of Excel has at most 16,384 columns, each of which has a control in these forms.
TASK_FORM = Budget(body=2 * MB, parts=20_000, files=50, seconds=3600)
FILE_FORM = Budget(body=2 * MB, parts=20_000, files=1, seconds=3600)
PREVIEW = Budget(body=2 * MB, parts=20_000)
ARTICLE = Budget(body=2 * MB, parts=100)
UPLOAD = Budget(body=64 * KB, parts=50, files=1, seconds=3600)
TASK_JSON = Budget(body=10 * MB, seconds=120)  # an email to 20,000 addresses is about 1 MB

Rules = Mapping[Visitor, Mapping[Budget, Iterable[str]]]


@dataclass(frozen=True)
class RouteRule:
    """Who may call one route, and what each call may send."""

    visitor: Visitor
    budget: Budget


def rules_of(routes: Iterable[APIRoute], rules: Rules) -> dict[tuple[str, str], RouteRule]:
    """Returns the rule of every route by (method, path); raises LookupError for a route without exactly one."""
    found: dict[tuple[str, str], RouteRule] = {}
    for visitor, budgets in rules.items():
        for budget, lines in budgets.items():
            for method, _, path in (line.partition(" ") for line in lines):
                if found.setdefault((method, path), rule := RouteRule(visitor, budget)) is not rule:
                    raise LookupError(f"{method} {path} has two budgets")
    if wrong := {(method, route.path) for route in routes for method in route.methods or ()} ^ found.keys():
        raise LookupError(f"budgets.py and the routes differ: {sorted(wrong)}")
    return found


def budget_of(request: Request) -> Budget:
    """Returns the budget of the route that answers this request."""
    rules: Mapping[tuple[str, str], RouteRule] = request.app.state.rules
    return rules[request.method, request.scope["route"].path].budget


async def body_pieces(request: Request, limit: int, message: str) -> AsyncIterator[bytes]:
    """Yields the body as it comes, the only place that reads one.

    Raises TooLarge with `message` above `limit` bytes, by Content-Length already before the first byte is read, and
    RequestTimeout if the body comes too slowly.
    """
    if _declared(request) > limit:
        raise TooLarge(message)
    stream, total = request.stream(), 0
    try:
        async with asyncio.timeout(budget_of(request).seconds):
            while True:
                async with asyncio.timeout(SILENCE_SECONDS):
                    piece = await anext(stream, None)
                if piece is None:
                    return
                total += len(piece)
                if total > limit:
                    raise TooLarge(message)
                yield piece
    except TimeoutError:
        raise RequestTimeout(LATE) from None


async def read_whole(request: Request, limit: int, message: str) -> bytes:
    """Returns the body, at most `limit` bytes; raises as `body_pieces` does."""
    return b"".join([piece async for piece in body_pieces(request, limit, message)])


def _declared(request: Request) -> int:
    """Returns the Content-Length; 0 if there is none that can be read."""
    length = request.headers.get("content-length", "")
    return int(length[:20]) if length.isascii() and length.isdigit() else 0
