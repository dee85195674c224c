"""The people whom a running task may reach."""

from collections.abc import Sequence

from webapp.markup.clean import shown
from webapp.ports.people import Person
from webapp.tasks import inbox
from webapp.tasks.patience import Patience
from webapp.tasks.resources import TaskResources


class TaskPeople:
    """ports.TaskPeople of one task."""

    def __init__(self, resources: TaskResources, patience: Patience, task_id: int, owner: Person) -> None:
        self._resources, self._patience = resources, patience
        self._task_id, self._owner = task_id, owner

    def colleagues(self) -> Sequence[Person]:
        return self._resources.form_context(self._owner).colleagues()

    def notify(self, person_id: int, title: str, text: str, key: str, priority: str = "normal") -> bool:
        notice = inbox.NewNotice(
            person=person_id,
            title=title,
            text=text,
            html=shown(text),
            key=f"{self._task_id}.{key}",
            task=self._task_id,
            priority=priority,
        )
        return self._patience.write(lambda conn: inbox.notify(conn, notice))
