"""The JSON that programs read; times are ISO 8601 in UTC with microseconds."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema

from webapp.files.model import File
from webapp.ports.delivery_state import DeliveryState
from webapp.tasks.holds import HoldReason
from webapp.tasks.model import DeliveryRow, Line, State, Task

MOMENT = "2026-11-03T10:42:07.000123+00:00"
Time = Annotated[
    datetime,
    PlainSerializer(lambda moment: moment.astimezone(UTC).isoformat(timespec="microseconds"), return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": [MOMENT]}),
]


class ProgressOut(BaseModel):
    """How far a task is; `total` is null while nobody knows."""

    done: int = Field(examples=[120])
    total: int | None = Field(examples=[400])
    words: str = Field(examples=["120 of 400"])


class FileOut(BaseModel):
    """A file that a task made; `size` in bytes, `expires`: when it will be deleted."""

    id: str = Field(examples=["f-3hQ0aZ8kL2mN"])
    name: str = Field(examples=["sales.xlsx"])
    size: int = Field(examples=[482113])
    sha256: str = Field(examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"])
    media_type: str = Field(examples=["application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"])
    expires: Time


class TaskOut(BaseModel):
    """One task. `outcome` says how it ended; `reference` leads an admin to the technical text."""

    id: int = Field(examples=[42])
    kind: str = Field(examples=["report"])
    title: str = Field(examples=["Report: sales"])
    owner: str = Field(examples=["ana@example.com"])
    state: State = Field(examples=["done"])
    hold_reason: HoldReason | None = Field(examples=[None, HoldReason.PAUSED], description="Null unless it is held.")
    progress: ProgressOut
    outcome: str = Field(examples=["sales.xlsx: 10,000 rows"])
    reference: str | None = Field(examples=[None, "R-7F3K"])
    created: Time
    started: Time | None
    finished: Time | None
    attempt: int = Field(examples=[1])
    files: list[FileOut]


class LineOut(BaseModel):
    """A line of a task's log; `state` where it tells of a change of state."""

    at: Time
    state: State | None
    words: str = Field(examples=["Started by Ana Ruiz."])


class DeliveryOut(BaseModel):
    """One delivery of a task; `unknown`: perhaps it arrived, and it is never sent again by itself."""

    position: int = Field(examples=[0])
    to: str = Field(examples=["ana@example.com"])
    state: DeliveryState = Field(examples=[DeliveryState.SENT])
    attempts: int = Field(examples=[1])
    reply: str = Field(examples=["The mail server accepted it."])
    message_id: str = Field(examples=["<outtray.42.0.5e1f@example.com>"])
    next_try: Time | None
    updated: Time


class UploadOut(BaseModel):
    """An upload. Its id and the names of its columns go into forms; `notes` say what was odd in it.

    `rows` is null where it is no table, but a file to be attached.
    """

    id: str
    name: str
    rows: int | None
    columns: list[str]
    types: list[str]
    notes: list[str]

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "u-8sKq1xYv0pWc",
                    "name": "people.csv",
                    "rows": 3,
                    "columns": ["Name", "Age"],
                    "types": ["text", "integer"],
                    "notes": [],
                }
            ]
        }
    )


def task_out(task: Task) -> TaskOut:
    return TaskOut(
        id=task.id,
        kind=task.kind,
        title=task.title,
        owner=task.owner_email,
        state=task.state,
        hold_reason=task.hold_reason,
        progress=ProgressOut(done=task.progress.done, total=task.progress.total, words=task.progress.words),
        outcome=task.outcome,
        reference=task.reference,
        created=task.created,
        started=task.started,
        finished=task.finished,
        attempt=task.attempt,
        files=[file_out(file) for file in task.files],
    )


def file_out(file: File) -> FileOut:
    return FileOut.model_validate(file, from_attributes=True)


def line_out(line: Line) -> LineOut:
    return LineOut(at=line.at, state=line.state, words=line.words)


def delivery_out(row: DeliveryRow) -> DeliveryOut:
    return DeliveryOut.model_validate(row, from_attributes=True)


def answer(shape: BaseModel, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Made here, in the route's thread: FastAPI would turn a list of 1,000 into JSON on the event loop."""
    return Response(
        shape.model_dump_json(), status, {"Cache-Control": "no-store", **(headers or {})}, "application/json"
    )
