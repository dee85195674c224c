"""A message for the next page, carried in a cookie that lives for one page."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass

from fastapi import Request
from fastapi.responses import Response

from webapp.ports.json_text import parse_json

COOKIE = "outtray_said"
SECONDS = 30


@dataclass(frozen=True, kw_only=True)
class Flash:
    """A message for the whole page, or beside the task of this number."""

    message: str = ""
    task: int = 0

    def beside(self, task_id: int) -> str:
        """Returns the message that belongs to this task, else an empty string."""
        return self.message if self.task == task_id else ""

    @property
    def status(self) -> str:
        """The message that belongs to the whole page."""
        return self.beside(0)


def add(answer: Response, message: str, task: int = 0) -> Response:
    """Sets the cookie that shows this message on the next page."""
    packed = urlsafe_b64encode(json.dumps([message, task]).encode()).decode()
    answer.set_cookie(COOKIE, packed, max_age=SECONDS, httponly=True, samesite="strict", path="/")
    return answer


def read(request: Request) -> Flash:
    """Returns the message that the cookie carries; empty if there is none or it cannot be read."""
    try:
        carried = parse_json(urlsafe_b64decode(request.cookies.get(COOKIE, "")))
    except ValueError:
        return Flash()
    match carried:
        case [str(message), int(task)]:
            return Flash(message=message, task=task)
    return Flash()


def clear(request: Request, answer: Response) -> None:
    """Deletes the cookie, so that the message is shown once."""
    if COOKIE in request.cookies:
        answer.delete_cookie(COOKIE, path="/")
