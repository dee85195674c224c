"""A kind of task: form, checks, run."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from webapp.ports.deliveries import NewDelivery
from webapp.ports.form_context import FormContext
from webapp.ports.task_context import TaskContext


@dataclass(frozen=True, kw_only=True)
class Note:
    """A message to a person on a task that ended. `to`: their address; `link`: the task's page."""

    to: str
    title: str
    state: str
    text: str
    link: str


@dataclass(frozen=True, kw_only=True)
class Announcement:
    """A notification that another system requests."""

    title: str
    message: str
    channels: Sequence[str]
    people: Sequence[str]
    priority: str


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of task: all that other packages need to know of it.

    `run` returns the outcome for people, or None if its deliveries tell it. `check` raises UserError or FormErrors
    for errors that a form model alone cannot detect. `total` is the number of deliveries, or None. `title_at` and
    `total_at` are used where title and total need more than the form, such as a file's name. `grace` is how long (s)
    a message in flight may take after a request to cancel. `noun` names its deliveries, in the plural. `example` is a
    body of POST /api/v1/tasks. `note_form` and `announcement_form` return forms for texts of other packages.
    `server_of` reads the id of the chosen mail server from a stored form; empty for the default one, or for none.
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
    title_at: Callable[[Any, FormContext], str] | None = None
    check: Callable[[Any, FormContext], None] | None = None
    expand: Callable[[Any, TaskContext], Iterable[NewDelivery]] | None = None
    total: Callable[[Any], int | None] = lambda form: None
    total_at: Callable[[Any, FormContext], int | None] | None = None
    template: Sequence[str] = ()  # fields that a template has
    is_checked: Callable[[Any], bool] = lambda form: False  # whether a person reviews it before it is sent
    server_of: Callable[[Mapping[str, Any]], str] = lambda form: ""
    undoable: bool = False
    pausable: bool = False
    in_child: bool = False
    grace: float = 2.0
    on_home: bool = True
    noun: str = "messages"
    example: Mapping[str, Any] = field(default_factory=dict)
    note_form: Callable[[Note, Mapping[str, Any] | None], dict[str, Any] | None] | None = None
    announcement_form: Callable[[Announcement, FormContext], dict[str, Any]] | None = None
