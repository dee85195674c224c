"""Lists for programs: how many, where to go on, and what narrows them; what is wrong there is a 422 with its field."""

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeVar

from fastapi import Path, Query
from pydantic import BaseModel, BeforeValidator

from webapp.errors import UserError
from webapp.kinds import KINDS
from webapp.ports.values import digits
from webapp.tasks.model import State
from webapp.web.http.params import Search, Text

T = TypeVar("T")
S = TypeVar("S")

DEFAULT_LIMIT, MOST = 50, 1_000


class Page(BaseModel, Generic[T]):
    """Part of a list; `next` goes into `before` for the following part and is null at the end."""

    items: list[T]
    next: str | None


def page_of(rows: Sequence[S], limit: int, shape: Callable[[S], T], of: str, position: Callable[[S], int]) -> Page[T]:
    """Returns the first `limit` of the rows; one more than that means that another page follows."""
    items = rows[:limit]
    following = to_cursor(of, position(items[-1])) if len(rows) > limit else None
    return Page(items=[shape(item) for item in items], next=following)


def to_cursor(of: str, position: int) -> str:
    """Returns the position in a list, opaque; `of` names the list, so that a cursor of another one is refused."""
    return base64.urlsafe_b64encode(f"{of} {position}".encode()).decode().rstrip("=")


def position_of(cursor: str, of: str) -> int | None:
    """Returns the position after which the list continues; None for its beginning."""
    if not cursor:
        return None
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        text = ""
    number = re.fullmatch(rf"{of} ([0-9]{{1,18}})", text)
    if number is None or to_cursor(of, int(number[1])) != cursor:
        raise UserError("This is not a place in this list: take it from “next”.", field="before")
    return int(number[1])


def _limit(given: object) -> int:
    text = str(given)
    if text == "":
        return DEFAULT_LIMIT
    written = text.lstrip("0") if re.fullmatch(r"[0-9]+", text) else ""
    if not written:
        raise ValueError(f"The limit is a whole number from 1 to {MOST:,}.")
    return min(int(written[:5]), MOST)


def _states(given: object) -> list[State]:
    texts = given if isinstance(given, list) else [given]
    try:
        return [State(name) for text in texts for name in str(text).split(",") if name]
    except ValueError:
        raise ValueError(f"A state is one of: {', '.join(State)}.") from None


def _kind(given: object) -> str:
    if given != "" and given not in KINDS:
        raise ValueError(f"A kind is one of: {', '.join(KINDS)}.")
    return str(given)


def _task_id(given: object) -> int:
    """A number in an address; for a wrong one 0, which no task has, so that the task is not found."""
    return digits(str(given)) or 0


TaskId = Annotated[int, BeforeValidator(_task_id), Path(description="The number of a task.", examples=[42])]
Limit = Annotated[
    int,
    BeforeValidator(_limit),
    Query(description=f"How many; more than {MOST:,} are taken as {MOST:,}.", json_schema_extra={"minimum": 1}),
]
Before = Annotated[Text, Query(description="Where to go on: `next` of the part before.")]
States = Annotated[
    list[State], BeforeValidator(_states), Query(description="Only in this state; several are possible.")
]
Kind = Annotated[
    str, BeforeValidator(_kind), Query(description="Only of this kind.", json_schema_extra={"enum": ["", *KINDS]})
]
Owner = Annotated[Search, Query(description="Only this person's: an address, or “me”.")]
Words = Annotated[Search, Query(description="Only where this occurs in title, form or recipients.")]
