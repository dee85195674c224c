"""The form of a notification: message, channels and people."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from webapp.kinds.fields import one_line, text
from webapp.mail.recipients import read_addresses
from webapp.ports.attachments import HINT, Attachments
from webapp.ports.channels import BUILT_IN, PRIORITIES
from webapp.ports.forms import TaskForm

HINTS = {"log": "A text file on the server. Nobody is alerted."}
MOST = 1_000
LONGEST_TITLE, LONGEST_MESSAGE = 200, 10_000  # characters


def _addresses(value: Any) -> list[str]:
    entries = [value] if isinstance(value, str) else value or []
    if not isinstance(entries, list) or not all(isinstance(entry, str) for entry in entries):
        raise ValueError("Give addresses such as ana@example.com.")
    found = read_addresses(value or [])
    if len(found) > MOST:
        raise ValueError(f"{len(found):,} addresses are too many. At most {MOST:,} are possible.")
    return found


def _several(message: str) -> BeforeValidator:
    def check(value: Any) -> list[str]:
        chosen = [value] if isinstance(value, str | int) else value
        if not isinstance(chosen, list) or not all(isinstance(one, str | int) for one in chosen):
            raise ValueError(message)
        found = list(dict.fromkeys(str(one).strip() for one in chosen if str(one).strip()))
        if len(found) > MOST or any(len(one) > 200 for one in found):
            raise ValueError(message)
        return found

    return BeforeValidator(check)


class NotificationForm(TaskForm):
    """A message, the channels it goes to, and the people it is for."""

    message: Annotated[str, text("message", LONGEST_MESSAGE, "Write a message.")] = Field(
        title="Message", json_schema_extra={"widget": "textarea"}
    )
    title: Annotated[str, one_line("title", LONGEST_TITLE)] = Field("", title="Title", description="Optional.")
    channels: Annotated[list[str], _several("Choose a channel.")] = Field(
        default_factory=lambda: [*BUILT_IN],
        title="Where",
        json_schema_extra={"widget": "channels", "choices": {**BUILT_IN}, "hints": {**HINTS}},
    )
    people: Annotated[list[str], _several("Choose people.")] = Field(
        default_factory=list,
        title="Into the inbox of",
        description="They see it in the panel, beside the bell.",
        json_schema_extra={"widget": "people"},
    )
    to: Annotated[list[str], BeforeValidator(_addresses)] = Field(
        default_factory=list,
        title="For whom",
        description="Named in the message. No email is sent.",
        json_schema_extra={"widget": "addresses"},
    )
    priority: Literal["low", "normal", "high", "urgent"] = Field(
        "normal", title="Priority", json_schema_extra={"choices": {**PRIORITIES}}
    )
    attachments: Attachments = Field(
        default_factory=list,
        title="Files",
        description=f"Channels that take no files get the message alone. {HINT}",
        json_schema_extra={"widget": "files"},
    )

    @model_validator(mode="before")
    @classmethod
    def _absent_is_empty(cls, data: Any) -> Any:
        # An absent field then gets the error message of that field.
        return {"message": "", **data} if isinstance(data, dict) else data

    @property
    def line(self) -> str:
        """The title and the message as one line of the log file."""
        return f"{self.title}: {self.message}" if self.title else self.message
