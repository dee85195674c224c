"""Sends one email, or one to each address of a list; nobody sees the others."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from webapp.kinds.texts import one_line, text
from webapp.mail.recipients import read_addresses
from webapp.ports import Kind, NewDelivery, TaskContext, TaskForm

MOST = 20_000  # addresses that a form holds; longer lists are uploads


def _addresses(value: Any) -> list[str]:
    if isinstance(value, list) and not all(isinstance(entry, str) for entry in value):
        raise ValueError("Give an address such as ana@example.com.")
    found = read_addresses(value) if isinstance(value, str | list) else []
    if not found:
        raise ValueError("Give an address.")
    if len(found) > MOST:
        raise ValueError(f"{len(found):,} addresses are too many. At most {MOST:,} are possible.")
    return found


class EmailForm(TaskForm):
    """Who gets it and what it says; the message may use Markdown."""

    to: Annotated[list[str], BeforeValidator(_addresses)] = Field(
        title="Send to",
        description="One address or several. Each gets an email of their own.",
        json_schema_extra={"widget": "addresses"},
    )
    subject: Annotated[str, one_line("subject", 200, "Write a subject.")] = Field(title="Subject")
    body: Annotated[str, text("message", 200_000, "Write a message.")] = Field(
        title="Message", json_schema_extra={"widget": "textarea"}
    )

    @model_validator(mode="before")
    @classmethod
    def _absent_is_empty(cls, data: Any) -> Any:
        # So that the fields refuse it in their own words.
        return {"to": [], "subject": "", "body": "", **data} if isinstance(data, dict) else data

    @property
    def is_single(self) -> bool:
        return len(self.to) == 1


def expand(form: EmailForm, task: TaskContext) -> Iterator[NewDelivery]:
    """One delivery for each address."""
    yield from (NewDelivery(address) for address in form.to)


def run(form: EmailForm, task: TaskContext) -> None:
    """Hands one message after another to the mail server, or to the outbox."""
    from webapp.mail.compose import compose

    with task.mail_server() as server:
        for delivery in task.deliveries(server):
            message = compose(
                delivery.to, form.subject, form.body, server.sender, delivery.message_id, datetime.now(UTC)
            )
            task.settle(delivery, server.send(message, delivery.to))


KIND = Kind(
    name="email",
    title="Send an email",
    about="To one person or to several, each alone.",
    verb="Send email",
    icon="mail",
    form=EmailForm,
    run=run,
    title_of=lambda form: f"Email to {form.to[0]}" if form.is_single else f"{form.subject} to {len(form.to):,} people",
    queue=lambda form: "quick" if form.is_single else "mail",
    expand=expand,
    total=lambda form: len(form.to),
    undoable=True,
    pausable=True,
    grace=10.0,
)
