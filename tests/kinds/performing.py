"""Starts a task and performs it here and now, as a slot does."""

from typing import Any

from webapp.installation import House
from webapp.ports import Person
from webapp.tasks import commands, queries
from webapp.tasks.cancellation import Control
from webapp.tasks.model import DeliveryRow, Task
from webapp.tasks.running import run


def start(house: House, person: Person, kind_name: str, **form: Any) -> int:
    kind = house.kind(kind_name)
    with house.write() as conn:
        return commands.start(conn, house.engine, kind, kind.form.model_validate(form), person).id


def perform(house: House, person: Person, kind_name: str, **form: Any) -> Task:
    task_id = start(house, person, kind_name, **form)
    claimed = run.claim(house, task_id, "test")
    assert claimed is not None
    run.perform(house, claimed, Control())
    return look(house, person, task_id)


def look(house: House, person: Person, task_id: int) -> Task:
    with house.read() as conn:
        return queries.one(conn, task_id, person)


def deliveries(house: House, person: Person, task: Task) -> list[DeliveryRow]:
    with house.read() as conn:
        return list(queries.deliveries(conn, task.id))


def lines(house: House, task: Task) -> list[str]:
    with house.read() as conn:
        return [line.words for line in queries.lines(conn, task.id)]
