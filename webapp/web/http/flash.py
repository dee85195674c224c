"""Words that answer a press on the page after it: carried in a cookie that lives for one page."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass

from fastapi import Request
from fastapi.responses import Response

COOKIE = "outtray_said"
SECONDS = 30


@dataclass(frozen=True)
class Said:
    """`task` 0: words for the whole page, else beside that task."""

    words: str = ""
    task: int = 0


def say(answer: Response, words: str, task: int = 0) -> Response:
    """Has the next page say this."""
    packed = urlsafe_b64encode(json.dumps([words, task]).encode()).decode()
    answer.set_cookie(COOKIE, packed, max_age=SECONDS, httponly=True, samesite="strict", path="/")
    return answer


def said(request: Request) -> Said:
    """What the page before wanted said; render.page clears it."""
    try:
        words, task = json.loads(urlsafe_b64decode(request.cookies.get(COOKIE, "")))
        return Said(str(words)[:400], int(task))
    except (ValueError, TypeError):
        return Said()


def forget(request: Request, answer: Response) -> None:
    """Once is enough."""
    if COOKIE in request.cookies:
        answer.delete_cookie(COOKIE, path="/")
