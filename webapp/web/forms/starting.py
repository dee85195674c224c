"""Starts the task of a form page: once for each rendered form, however often its button is pressed."""

import hashlib
import secrets
from typing import Any

from fastapi import BackgroundTasks
from sqlalchemy import Connection

from webapp.installation import Installation
from webapp.ports.kinds import Kind
from webapp.ports.people import Person
from webapp.starting import NewTask, start_task
from webapp.tasks.commands import Started
from webapp.web.forms import drafts
from webapp.web.forms.reading import Filled
from webapp.web.forms.uploads import remember_choices

SENT_ALREADY = "This form was sent already, with other content. Press again to send this one too."


def start_form(
    installation: Installation, person: Person, kind: Kind, filled: Filled[Any], key: str, background: BackgroundTasks
) -> Started:
    """Starts the task of a checked form; raises Conflict if the same page has started another one."""

    def also(conn: Connection) -> None:
        remember_choices(conn, person, kind, filled)
        drafts.drop(conn, person, key)

    form: Any = filled.value
    digest = hashlib.sha256(form.model_dump_json().encode()).hexdigest()
    new = NewTask(kind=kind, form=form, owner=person, via="page", key=key_of_form(key), digest=digest, undo=True)
    return start_task(installation, new, background, also)


def key_of_form(key: str) -> str:
    """Returns the idempotency key of a rendered form, apart from those of programs."""
    return f"form:{key}"


def new_key() -> str:
    return secrets.token_urlsafe(18)
