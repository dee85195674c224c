"""The JSON that programs read; times are ISO 8601 in UTC with microseconds."""

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Generic, Literal, TypeVar

from fastapi import Request
from pydantic import BaseModel, Field, PlainSerializer

from webapp.errors import UserError
from webapp.files.model import File
from webapp.tasks.model import DeliveryRow, Line, Task

T = TypeVar("T")
S = TypeVar("S")
Time = Annotated[
    datetime, PlainSerializer(lambda moment: moment.astimezone(UTC).isoformat(timespec="microseconds"), return_type=str)
]
StateName = Literal["waiting", "running", "done", "attention", "failed", "cancelled", "held"]
DEFAULT_LIMIT, MOST = 50, 1_000


class ProgressOut(BaseModel):
    """How far a task is; `total` is null while nobody knows."""

    done: int
    total: int | None
    words: str


class FileOut(BaseModel):
    """A file that a task made; `size` in bytes."""

    id: str
    name: str
    size: int
    sha256: str
    media_type: str
    expires: Time


class TaskOut(BaseModel):
    """One task."""

    id: int = Field(examples=[42])
    kind: str = Field(examples=["report"])
    title: str = Field(examples=["Report: sales"])
    owner: str = Field(examples=["ana@example.com"])
    state: StateName
    progress: ProgressOut
    outcome: str
    reference: str | None = Field(examples=["R-7F3K"])
    created: Time
    started: Time | None
    finished: Time | None
    attempt: int
    files: list[FileOut]


class LineOut(BaseModel):
    """A line of a task's log; `state` where it tells of a change of state."""

    at: Time
    state: StateName | None
    words: str


class DeliveryOut(BaseModel):
    """One delivery of a task."""

    position: int
    to: str
    state: Literal["waiting", "sending", "sent", "failed", "unknown", "skipped", "saved"]
    attempts: int
    reply: str
    message_id: str
    next_try: Time | None
    updated: Time


class Page(BaseModel, Generic[T]):
    """Part of a list; `next` goes into `before` for the following part and is null at the end."""

    items: list[T]
    next: str | None


def task_out(task: Task) -> TaskOut:
    return TaskOut(
        **{name: getattr(task, name) for name in ("id", "kind", "title", "outcome", "reference", "attempt")},
        **{name: getattr(task, name) for name in ("created", "started", "finished")},
        owner=task.owner_email,
        state=task.state.value,
        progress=ProgressOut(done=task.progress.done, total=task.progress.total, words=task.progress.words),
        files=[file_out(file) for file in task.files],
    )


def file_out(file: File) -> FileOut:
    return FileOut(**{name: getattr(file, name) for name in FileOut.model_fields})


def line_out(line: Line) -> LineOut:
    return LineOut(at=line.at, state=line.state.value if line.state else None, words=line.words)


def delivery_out(row: DeliveryRow) -> DeliveryOut:
    return DeliveryOut(**{name: getattr(row, name) for name in DeliveryOut.model_fields})


def page_of(found: Sequence[S], limit: int, shape: Callable[[S], T], cursor: Callable[[S], int]) -> Page[T]:
    """The first `limit` of what was found (one more was asked for), and where to go on."""
    shown = found[:limit]
    following = to_cursor(cursor(shown[-1])) if len(found) > limit else None
    return Page(items=[shape(one) for one in shown], next=following)


def to_cursor(number: int) -> str:
    return base64.urlsafe_b64encode(f"n{number}".encode()).decode().rstrip("=")


def cursor_of(request: Request) -> int | None:
    """Where the list goes on; UserError for a cursor that is none of ours."""
    given = request.query_params.get("before", "")
    if not given:
        return None
    try:
        text = base64.urlsafe_b64decode(given + "=" * (-len(given) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        text = ""
    if not (text.startswith("n") and text[1:].isdecimal() and len(text) < 20):
        raise UserError("This is not a place in the list: take it from “next”.", field="before")
    return int(text[1:])


def limit_of(request: Request) -> int:
    """How many are wanted; more than 1,000 are taken as 1,000."""
    given = request.query_params.get("limit", str(DEFAULT_LIMIT))
    if not given.isascii() or not given.isdecimal() or int(given[:18]) < 1:
        raise UserError("The limit is a whole number from 1 to 1,000.", field="limit")
    return min(int(given[:18]), MOST)
