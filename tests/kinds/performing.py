"""Starts a task and runs it in the test, as a slot does."""

from typing import Any

from webapp.installation import Installation
from webapp.ports.people import Person
from webapp.tasks import commands, queries
from webapp.tasks.cancellation import Control
from webapp.tasks.model import DeliveryRow, Task
from webapp.tasks.running import run


def start(installation: Installation, person: Person, kind_name: str, **form: Any) -> int:
    kind = installation.kind(kind_name)
    with installation.write() as conn:
        return commands.start(conn, installation.engine, kind, kind.form.model_validate(form), person).id


def perform(installation: Installation, person: Person, kind_name: str, **form: Any) -> Task:
    task_id = start(installation, person, kind_name, **form)
    claimed = run.claim(installation, task_id, "test")
    assert claimed is not None
    run.perform(installation, claimed, Control())
    return look(installation, person, task_id)


def look(installation: Installation, person: Person, task_id: int) -> Task:
    with installation.read() as conn:
        return queries.one(conn, task_id, person)


def deliveries(installation: Installation, person: Person, task: Task) -> list[DeliveryRow]:
    with installation.read() as conn:
        return list(queries.deliveries(conn, task.id))


def lines(installation: Installation, task: Task) -> list[str]:
    with installation.read() as conn:
        return [line.words for line in queries.lines(conn, task.id)]
