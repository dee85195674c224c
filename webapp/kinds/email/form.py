"""The form of an email: its recipients and its content."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from webapp.kinds.fields import one_line, text
from webapp.mail.recipients import one_address, read_addresses
from webapp.ports.attachments import HINT, Attachments
from webapp.ports.forms import TaskForm

MOST = 20_000  # addresses that a form holds; longer lists are uploads
LONGEST_SUBJECT, LONGEST_BODY = 200, 200_000  # characters


def _addresses(value: Any) -> list[str]:
    if isinstance(value, list) and not all(isinstance(entry, str) for entry in value):
        raise ValueError("Give an address such as ana@example.com.")
    found = read_addresses(value) if isinstance(value, str | list) else []
    if not found:
        raise ValueError("Give an address.")
    if len(found) > MOST:
        raise ValueError(f"{len(found):,} addresses are too many. At most {MOST:,} are possible.")
    return found


def _addresses_or_none(value: Any) -> list[str]:
    return _addresses(value) if value and (not isinstance(value, str) or value.strip()) else []


Addresses = Annotated[list[str], BeforeValidator(_addresses_or_none)]


def _one_or_none(value: Any) -> str:
    if value is not None and not isinstance(value, str):
        raise ValueError("Give an address such as ana@example.com.")
    return one_address(value) if value and value.strip() else ""


class EmailForm(TaskForm):
    """Recipients and content of an email; the message may use Markdown and merge fields such as {{ name }}."""

    to: Annotated[list[str], BeforeValidator(_addresses)] = Field(
        [],
        title="Send to",
        description="One address or several. Each gets an email of their own.",
        json_schema_extra={"widget": "addresses"},
    )
    recipients: str = Field(
        "",
        title="Or to all people in a list",
        description="A CSV or Excel file with a column of addresses; each row gets an email of its own.",
        json_schema_extra={"widget": "list"},
    )
    address_column: str = Field("", title="Column with the addresses", json_schema_extra={"widget": "column"})
    duplicates: bool = Field(False, title="Write to every row, also where an address comes twice")
    server: str = Field("", title="Comes from", max_length=20, json_schema_extra={"widget": "sender"})
    reply_to: Annotated[str, BeforeValidator(_one_or_none)] = Field(
        "", title="Replies go to", description="One address. Empty: to the sender."
    )
    unsubscribe: Literal["list", "several", "never"] = Field(
        "list",
        title="A link to unsubscribe",
        json_schema_extra={
            "choices": {
                "list": "In emails to a list",
                "several": "In every email to more than one",
                "never": "In none",
            }
        },
    )
    formats: list[str] = Field(
        [],
        title="How dates and numbers are written",
        max_length=500,
        description="“iso Since” writes the dates of the column Since as 2026-11-03.",
        json_schema_extra={"widget": "formats"},
    )
    except_tasks: list[int] = Field(
        [], title="Leave out recipients of the tasks", max_length=200, json_schema_extra={"widget": "hidden"}
    )
    attachments: Attachments = Field([], title="Attachments", description=HINT, json_schema_extra={"widget": "files"})
    subject: Annotated[str, one_line("subject", LONGEST_SUBJECT, "Write a subject.")] = Field(title="Subject")
    body: Annotated[str, text("message", LONGEST_BODY, "Write a message.")] = Field(
        title="Message", json_schema_extra={"widget": "textarea"}
    )

    test: bool = Field(False, title="A test", json_schema_extra={"widget": "hidden"})
    test_row: int = Field(1, title="With the values of row", ge=1, json_schema_extra={"widget": "hidden"})

    @model_validator(mode="before")
    @classmethod
    def _absent_is_empty(cls, data: Any) -> Any:
        # An absent field then gets the error message of that field. With a list, addresses are not needed.
        if not isinstance(data, dict):
            return data
        given = {"to": [], "subject": "", "body": "", **data}
        if given.get("recipients") and not given["to"]:
            del given["to"]
        return given

    @property
    def is_single(self) -> bool:
        return len(self.to) == 1

    @property
    def has_unsubscribe_link(self) -> bool:
        """True if messages carry an unsubscribe link."""
        if self.test:
            return self.unsubscribe != "never" if self.recipients else False
        if self.recipients:
            return self.unsubscribe != "never"
        return len(self.to) > 1 and self.unsubscribe == "several"
