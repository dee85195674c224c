"""Takes in the uploads of a form page, and remembers the last choices of a person."""

from typing import Any

from sqlalchemy import Connection

from webapp import ingest
from webapp.db import preferences
from webapp.errors import UserError
from webapp.installation import Installation
from webapp.ports.attachments import require_few
from webapp.ports.kinds import Kind
from webapp.ports.people import Person
from webapp.ports.values import row_id
from webapp.web.forms.reading import Filled, extra_of
from webapp.web.http.multipart import FormData

REMEMBERED = ("channels",)  # widgets whose last choice is the next form's first


def take_uploads(installation: Installation, person: Person, kind: Kind, posted: FormData) -> dict[str, str]:
    """Replaces each field whose file was posted by the id of the upload; returns a message per field without one.

    The file of a field `data` is posted as `data-file`; a file has precedence over what was chosen from the list.
    """
    errors: dict[str, str] = {}
    for name in kind.form.model_fields:
        file_field = f"{name}-file"
        if file_field in posted.refused:
            errors[name] = posted.refused[file_field]
        elif file_field in posted.files:
            try:
                _take(installation, person, posted, name, is_table=_widget(kind, name) != "files")
            except UserError as error:
                errors[name] = error.message
        if name in errors and _widget(kind, name) != "files":
            posted.values.pop(name, None)
    return errors


def _take(installation: Installation, person: Person, posted: FormData, name: str, *, is_table: bool) -> None:
    if is_table:
        upload = posted.files[f"{name}-file"]
        posted.values[name] = [ingest.receive(installation, person, upload.name, upload.path).id]
        return
    came = posted.all_files[f"{name}-file"]
    require_few(len(posted.typed(name)) + len(came), sum(upload.size for upload in came))
    for upload in came:
        attached = ingest.receive_attachment(installation, person, upload.name, upload.path)
        posted.values.setdefault(name, []).append(attached.id)


def _widget(kind: Kind, name: str) -> str:
    return str(extra_of(kind.form.model_fields[name]).get("widget", ""))


def last_choices(conn: Connection, person: Person, kind: Kind) -> dict[str, list[str]]:
    """Returns what this person chose last, by field, and the only choice where there is but one."""
    chosen: dict[str, list[str]] = {}
    for name, info in _remembered(kind):
        choices = [str(value) for value in extra_of(info).get("choices", {})]
        last = preferences.get(conn, person.id, _key(kind, name))
        # Besides those of the model there are channels, by their numbers; the form shows only those that are there.
        kept = [value for value in last if value in choices or row_id(str(value))] if isinstance(last, list) else []
        chosen[name] = kept or (choices if len(choices) == 1 else [])
    return chosen


def remember_choices(conn: Connection, person: Person, kind: Kind, filled: Filled[Any]) -> None:
    """Stores them for the next form."""
    for name, _ in _remembered(kind):
        preferences.put(conn, person.id, _key(kind, name), list(filled.raw.get(name, ())))


def _remembered(kind: Kind) -> list[tuple[str, Any]]:
    fields = kind.form.model_fields.items()
    return [(name, info) for name, info in fields if extra_of(info).get("widget") in REMEMBERED]


def _key(kind: Kind, field: str) -> str:
    return f"last:{kind.name}.{field}"
