"""Words that answer a press on the page after it: carried in a cookie that lives for one page."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass

from fastapi import Request
from fastapi.responses import Response

from webapp.ports.json_text import parse_json

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
    """Returns what the page before wanted said; render.page clears it."""
    try:
        found = parse_json(urlsafe_b64decode(request.cookies.get(COOKIE, "")))
    except ValueError:
        return Said()
    match found:
        case [str(words), int(task)]:
            return Said(words, task)
    return Said()


def forget(request: Request, answer: Response) -> None:
    """Once is enough."""
    if COOKIE in request.cookies:
        answer.delete_cookie(COOKIE, path="/")
