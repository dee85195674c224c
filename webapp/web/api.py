"""/api/v1/tasks for programs: start, list, look at, and change a task."""

import hashlib
import json
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, BackgroundTasks, Header, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy.exc import IntegrityError

from webapp.accounts import people
from webapp.errors import Conflict, FormErrors, NotFound, UserError
from webapp.house import House
from webapp.ports import Kind, Person
from webapp.tasks import commands, queries
from webapp.tasks.commands import Started
from webapp.tasks.model import State
from webapp.tasks.queries import View
from webapp.web.api_body import JsonBody
from webapp.web.api_shapes import Page, TaskOut, cursor_of, limit_of, page_of, task_out
from webapp.web.deps import Id, Program, TheHouse
from webapp.web.forms import Filled, checked, errors_of
from webapp.web.problem import problems

router = APIRouter(prefix="/api/v1/tasks", tags=["Tasks"], responses=problems(401))


class Start(BaseModel):
    """What starts a task; `undo` opens the undo window that people have."""

    model_config = ConfigDict(extra="forbid", strict=True)

    kind: str = Field(title="kind")
    form: dict[str, Any] = Field({}, title="form")
    not_before: Annotated[AwareDatetime | None, Field(strict=False)] = Field(None, title="not_before")
    undo: bool = Field(False, title="undo")


EXAMPLES = {
    "notification": {"kind": "notification", "form": {"to": ["ana@example.com"], "channels": ["log"], "message": "Hi"}},
    "email": {"kind": "email", "form": {"to": ["ana@example.com"], "subject": "Hello", "body": "Dear **Ana**, …"}},
    "report": {"kind": "report", "form": {"data": "sales", "columns": ["Region", "Amount"], "format": "xlsx"}},
    "self-test": {"kind": "self-test", "form": {"fail": False, "seconds": 0.5}},
}
BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": Start.model_json_schema(),
                "examples": {name: {"value": value} for name, value in EXAMPLES.items()},
            }
        },
    }
}


@router.post("", status_code=201, responses={200: {"model": TaskOut}, **problems(409, 413, 422)}, openapi_extra=BODY)
def start(
    request: Request,
    response: Response,
    person: Program,
    house: TheHouse,
    body: JsonBody,
    background: BackgroundTasks,
    key: Annotated[str | None, Header(alias="Idempotency-Key")] = None,
) -> TaskOut:
    """Starts a task. The same Idempotency-Key again answers 200 with the same task; with another body, 409."""
    digest = _digest(body)
    known = _known(house, person, _checked_key(key), digest)
    started = known or _start(house, person, body, key, digest, background)
    if not started.is_new:
        response.status_code = 200
    return _shown(house, person, started.id)


@router.get("", responses=problems(422))
def index(request: Request, person: Program, house: TheHouse, state: str = "", kind: str = "", q: str = "",
          owner: str = "", before: str = "", limit: int = 50) -> Page[TaskOut]:  # fmt: skip
    """Tasks, newest first; staff see their own."""
    most = limit_of(request)
    with house.read() as conn:
        whose = _whose(conn, house, person, owner)
        view = View(whose, _states(request), kind, q)
        found = queries.recent(conn, view, most + 1, cursor_of(request)) if whose != NOBODY else []
    return page_of(found, most, task_out, lambda task: task.id)


@router.get("/{task_id}", responses=problems(404))
def show(task_id: Id, person: Program, house: TheHouse) -> TaskOut:
    """One task."""
    return _shown(house, person, task_id)


@router.post("/{task_id}/cancel", responses=problems(404, 409))
def cancel(task_id: Id, person: Program, house: TheHouse, background: BackgroundTasks) -> TaskOut:
    """Ends a task that has not ended; a running one as soon as it can let go."""
    with house.write(background) as conn:
        commands.cancel(conn, house.engine, queries.one(conn, task_id, person), person)
    return _shown(house, person, task_id)


@router.post("/{task_id}/retry", responses=problems(404, 409))
def retry(task_id: Id, person: Program, house: TheHouse, background: BackgroundTasks) -> TaskOut:
    """Does again what failed, was skipped or saved."""
    with house.write(background) as conn:
        commands.retry(conn, house.engine, queries.one(conn, task_id, person), person)
    return _shown(house, person, task_id)


@router.post("/{task_id}/pause", responses=problems(404, 409))
def pause(task_id: Id, person: Program, house: TheHouse, background: BackgroundTasks) -> TaskOut:
    """Holds a task until it is resumed."""
    with house.write(background) as conn:
        task = queries.one(conn, task_id, person)
        commands.pause(conn, house.engine, house.kind(task.kind), task, person)
    return _shown(house, person, task_id)


@router.post("/{task_id}/resume", responses=problems(404, 409))
def resume(task_id: Id, person: Program, house: TheHouse, background: BackgroundTasks) -> TaskOut:
    """Lets a paused task go on."""
    with house.write(background) as conn:
        commands.resume(conn, house.engine, queries.one(conn, task_id, person), person)
    return _shown(house, person, task_id)


@router.post("/{task_id}/release", responses=problems(404, 409))
def release(task_id: Id, person: Program, house: TheHouse, background: BackgroundTasks) -> TaskOut:
    """Lets a task go on that was held after a restore."""
    with house.write(background) as conn:
        commands.release(conn, house.engine, queries.one(conn, task_id, person), person)
    return _shown(house, person, task_id)


def started_task(
    house: House, person: Person, kind: Kind, form: dict[str, Any], background: BackgroundTasks, **more: Any
) -> Started:
    """Checks a form and starts its task; FormErrors where a field is wrong."""
    filled = _filled(kind, form)
    filled = checked(kind, filled, house.desk(person))
    if filled.value is None:
        raise FormErrors(dict(filled.errors))
    with house.write(background) as conn:
        return commands.start(conn, house.engine, kind, filled.value, person, **more)


def _start(
    house: House, person: Person, body: dict[str, Any], key: str | None, digest: str, background: BackgroundTasks
) -> Started:
    wanted = _read(body)
    try:
        kind = house.kind(wanted.kind)
    except NotFound as unknown:
        raise UserError(unknown.words, field="kind") from None
    stored_key = f"api:{key}" if key else None
    more = {"undo": wanted.undo, "not_before": wanted.not_before, "key": stored_key, "key_hash": digest}
    try:
        return started_task(house, person, kind, wanted.form, background, **more)
    except IntegrityError:  # another request with this key was quicker
        if known := _known(house, person, key, digest):
            return known
        raise


def _read(body: dict[str, Any]) -> Start:
    try:
        wanted = Start.model_validate(body)
    except ValidationError as error:
        raise FormErrors(_named(errors_of(Start, error), error)) from None
    if wanted.not_before and wanted.not_before > datetime.max.replace(tzinfo=wanted.not_before.tzinfo, year=9000):
        raise UserError("This time is too far away.", field="not_before")
    return wanted


def _filled(kind: Kind, form: dict[str, Any]) -> Filled[Any]:
    try:
        return Filled(kind.form.model_validate(form))
    except ValidationError as error:
        return Filled(None, _named(errors_of(kind.form, error), error))


def _named(errors: dict[str, str], error: ValidationError) -> dict[str, str]:
    """The same, with words for fields that the form does not have."""
    unknown = [str(one["loc"][0]) for one in error.errors() if one["type"] == "extra_forbidden"]
    return {**errors, **{name: f"There is no field called “{name}”." for name in unknown}}


def _checked_key(key: str | None) -> str | None:
    if key is not None and not 1 <= len(key) <= 255:
        raise UserError("An Idempotency-Key has 1 to 255 characters.", field="Idempotency-Key")
    return key


def _known(house: House, person: Person, key: str | None, digest: str) -> Started | None:
    if key is None:
        return None
    with house.read() as conn:
        found = queries.by_key(conn, person.id, f"api:{key}")
    if found and found[1] != digest:
        raise Conflict("This Idempotency-Key has started another task already.")
    return Started(found[0], is_new=False) if found else None


def _digest(body: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


NOBODY = -1


def _whose(conn: Any, house: House, person: Person, owner: str) -> int | None:
    """Whose tasks are wanted: None for everybody's, NOBODY where there is no such person for this one."""
    mine = owner in ("me", person.email)
    if not owner or mine:
        return None if person.is_admin and not mine else person.id
    if not person.is_admin:
        return NOBODY
    try:
        return people.by_email(conn, house.settings, owner).id
    except NotFound:
        return NOBODY


def _states(request: Request) -> list[State]:
    given = [name for value in request.query_params.getlist("state") for name in value.split(",") if name]
    try:
        return [State(name) for name in given]
    except ValueError:
        raise UserError(f"A state is one of: {' '.join(State)}.", field="state") from None


def _shown(house: House, person: Person, task_id: int) -> TaskOut:
    with house.read() as conn:
        return task_out(queries.one(conn, task_id, person))
