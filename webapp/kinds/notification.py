"""Sends a notification; for now, as in the article, to the log file."""

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from webapp.kinds.texts import one_line, text
from webapp.mail.recipients import read_addresses
from webapp.notify.logfile import LogFile
from webapp.ports import Kind, NewDelivery, TaskContext, TaskForm

CHANNELS = {"log": "Log file"}
HINTS = {"log": "A text file on the server. Nobody is alerted."}
EVERYONE = "everyone"
MOST = 1_000


def _addresses(value: Any) -> list[str]:
    entries = [value] if isinstance(value, str) else value or []
    if not isinstance(entries, list) or not all(isinstance(entry, str) for entry in entries):
        raise ValueError("Give addresses such as ana@example.com.")
    found = read_addresses(value or [])
    if len(found) > MOST:
        raise ValueError(f"{len(found):,} addresses are too many. At most {MOST:,} are possible.")
    return found


def _channels(value: Any) -> list[str]:
    chosen = [value] if isinstance(value, str) else value
    if not isinstance(chosen, list) or not chosen or not all(isinstance(c, str) and c in CHANNELS for c in chosen):
        raise ValueError("Choose a place.")
    return list(dict.fromkeys(chosen))


class NotificationForm(TaskForm):
    """What is to be said, where, and for whom."""

    message: Annotated[str, text("message", 10_000, "Write a message.")] = Field(
        title="Message", json_schema_extra={"widget": "textarea"}
    )
    title: Annotated[str, one_line("title", 200)] = Field("", title="Title", description="Optional.")
    channels: Annotated[list[str], BeforeValidator(_channels)] = Field(
        default_factory=lambda: [*CHANNELS],
        title="Where",
        json_schema_extra={"widget": "channels", "choices": {**CHANNELS}, "hints": {**HINTS}},
    )
    to: Annotated[list[str], BeforeValidator(_addresses)] = Field(
        default_factory=list,
        title="For whom",
        description="Named in the message. No email is sent.",
        json_schema_extra={"widget": "addresses"},
    )

    @model_validator(mode="before")
    @classmethod
    def _absent_is_empty(cls, data: Any) -> Any:
        # So that the field refuses it in its own words.
        return {"message": "", **data} if isinstance(data, dict) else data

    @property
    def words(self) -> str:
        return f"{self.title}: {self.message}" if self.title else self.message


def expand(form: NotificationForm, task: TaskContext) -> Iterator[NewDelivery]:
    """One delivery for each place and person."""
    for channel in form.channels:
        for to in form.to or [EVERYONE]:
            yield NewDelivery(to, {"channel": channel})


def run(form: NotificationForm, task: TaskContext) -> None:
    """Writes one line for each delivery."""
    target = LogFile(task.data_dir)
    for delivery in task.deliveries(target):
        task.settle(delivery, target.send(delivery.to, form.words))


def _title(form: NotificationForm) -> str:
    match form.to:
        case []:
            whom = EVERYONE
        case [one]:
            whom = one
        case many:
            whom = f"{len(many):,} people"
    return f"{form.title} for {whom}" if form.title else f"Notification for {whom}"


KIND = Kind(
    name="notification",
    title="Send a notification",
    about="To the log file. A few words, at once.",
    verb="Send notification",
    icon="bell",
    form=NotificationForm,
    run=run,
    title_of=_title,
    queue=lambda form: "notify",
    expand=expand,
    total=lambda form: len(form.channels) * max(1, len(form.to)),
    undoable=True,
    pausable=True,
    grace=10.0,
)
