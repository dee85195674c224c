"""A kind of task: form, checks, run."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from webapp.ports.deliveries import NewDelivery
from webapp.ports.form_context import FormContext
from webapp.ports.task_context import TaskContext


@dataclass(frozen=True)
class Kind:
    """One kind of task: all that the rest of the house needs to know of it.

    `run` returns the outcome in plain words, or None where its deliveries tell. `check` raises UserError or
    FormErrors for what a form model cannot know by itself. `total` is the number of deliveries, or None.
    `grace` is how long (s) a message in flight may take once somebody wants the task to end.
    """

    name: str
    title: str
    about: str
    verb: str
    icon: str
    form: type[Any]
    run: Callable[[Any, TaskContext], str | None]
    title_of: Callable[[Any], str]
    queue: Callable[[Any], str]
    title_at: Callable[[Any, FormContext], str] | None = (
        None  # where the title needs more than the form, such as a file's name
    )
    check: Callable[[Any, FormContext], None] | None = None
    expand: Callable[[Any, TaskContext], Iterable[NewDelivery]] | None = None
    total: Callable[[Any], int | None] = lambda form: None
    total_at: Callable[[Any, FormContext], int | None] | None = None  # where it needs more than the form
    template: Sequence[str] = ()  # fields that are kept as a template under a name
    is_checked: Callable[[Any], bool] = lambda form: False  # whether a person looks it over before it is sent
    undoable: bool = False
    pausable: bool = False
    in_child: bool = False
    grace: float = 2.0
    on_home: bool = True
