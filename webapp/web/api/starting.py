"""Starts tasks for programs: checks the body, and lets one Idempotency-Key start one task."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import BackgroundTasks
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema

from webapp.errors import Busy, FormErrors, UserError
from webapp.installation import Installation
from webapp.kinds import KINDS
from webapp.ports.kinds import Kind
from webapp.ports.people import Person
from webapp.starting import NewTask, start_task, started_by
from webapp.tasks.commands import Started
from webapp.web.api.field_errors import refusals


def _kind(value: object) -> str:
    if not isinstance(value, str) or value not in KINDS:
        raise ValueError(f"A kind is one of: {', '.join(KINDS)}.")
    return value


def _object(value: object) -> object:
    if not isinstance(value, dict):
        raise ValueError("The form is a JSON object.")
    return value


def _yes_or_no(value: object) -> object:
    if not isinstance(value, bool):
        raise ValueError("This is true or false.")
    return value


def _moment(value: object) -> datetime | None:
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        if moment is None or moment.tzinfo is None:
            raise ValueError
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("Write a time with its zone, such as 2026-11-03T10:42:07+01:00.") from None


class Start(BaseModel):
    """What starts a task. Without `not_before` it goes at once; `undo` opens the undo window that people have."""

    model_config = ConfigDict(extra="forbid")

    kind: Annotated[str, BeforeValidator(_kind)] = Field(json_schema_extra={"enum": list(KINDS)})
    form: Annotated[dict[str, Any], BeforeValidator(_object)] = Field({}, description="The fields of the kind.")
    not_before: Annotated[
        datetime | None,
        BeforeValidator(_moment),
        WithJsonSchema({"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]}),
    ] = None
    undo: Annotated[bool, BeforeValidator(_yes_or_no)] = False


def start(
    installation: Installation, person: Person, given: dict[str, Any], key: str | None, background: BackgroundTasks
) -> Started:
    """Starts the task of this call, or returns the one that the same key has started; raises Conflict, FormErrors."""
    key = None if key is None else f"api:{key}"  # apart from those of form pages
    call = _read(given)
    digest = _digest(call)
    if known := started_by(installation, person, key, digest):
        return known
    kind = KINDS[call.kind]
    new = NewTask(
        kind=kind,
        form=checked_form(installation, person, kind, call.form),
        owner=person,
        via="api",
        key=key,
        digest=digest,
        undo=call.undo,
        not_before=call.not_before,
    )
    return start_task(installation, new, background)


def checked_form(installation: Installation, person: Person, kind: Kind, given: dict[str, Any]) -> Any:
    """Returns the form of the kind; raises FormErrors with one entry for each refused field, or Busy."""
    try:
        form = kind.form.model_validate(given)
        if kind.check:
            kind.check(form, installation.form_context(person))
        return form
    except ValidationError as error:
        raise FormErrors(refusals(kind.form, error)) from None
    except (FormErrors, Busy):
        raise
    except UserError as error:
        raise FormErrors({error.field or "form": error.message}) from None


def _read(given: dict[str, Any]) -> Start:
    try:
        return Start.model_validate(given)
    except ValidationError as error:
        raise FormErrors(refusals(Start, error)) from None


def _digest(call: Start) -> str:
    """Returns the same for bodies that mean the same, however they were written."""
    text = json.dumps(call.model_dump(mode="python"), sort_keys=True, default=datetime.isoformat)
    return hashlib.sha256(text.encode()).hexdigest()
