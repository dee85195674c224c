"""Sends one email, or one to each address of a list; nobody sees the others."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from webapp.errors import FormErrors, NotFound
from webapp.kinds import recipients
from webapp.kinds.texts import one_line, text
from webapp.mail.merge import key_of, unknown_fields
from webapp.mail.recipients import normal_form, one_address, read_addresses
from webapp.ports import Desk, Kind, NewDelivery, TaskContext, TaskForm

MOST = 20_000  # addresses that a form holds; longer lists are uploads
UNCHECKED = 20  # addresses to which a person may send without another look
ALWAYS = "email"  # the field that every message can use


def _addresses(value: Any) -> list[str]:
    if isinstance(value, list) and not all(isinstance(entry, str) for entry in value):
        raise ValueError("Give an address such as ana@example.com.")
    found = read_addresses(value) if isinstance(value, str | list) else []
    if not found:
        raise ValueError("Give an address.")
    if len(found) > MOST:
        raise ValueError(f"{len(found):,} addresses are too many. At most {MOST:,} are possible.")
    return found


def _one_or_none(value: Any) -> str:
    if value is not None and not isinstance(value, str):
        raise ValueError("Give an address such as ana@example.com.")
    return one_address(value) if value and value.strip() else ""


class EmailForm(TaskForm):
    """Who gets it and what it says; the message may use Markdown, and fields such as {{ name }} of a list."""

    to: Annotated[list[str], BeforeValidator(_addresses)] = Field(
        [],
        title="Send to",
        description="One address or several. Each gets an email of their own.",
        json_schema_extra={"widget": "addresses"},
    )
    recipients: str = Field(
        "",
        title="Or to everybody in a list",
        description="A CSV or Excel file with a column of addresses; each row gets an email of its own.",
        json_schema_extra={"widget": "list"},
    )
    address_column: str = Field("", title="Column with the addresses", json_schema_extra={"widget": "column"})
    duplicates: bool = Field(False, title="Write to every row, also where an address comes twice")
    server: str = Field("", title="Comes from", max_length=20, json_schema_extra={"widget": "sender"})
    reply_to: Annotated[str, BeforeValidator(_one_or_none)] = Field(
        "", title="Replies go to", description="One address. Empty: to whoever it comes from."
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
    subject: Annotated[str, one_line("subject", 200, "Write a subject.")] = Field(title="Subject")
    body: Annotated[str, text("message", 200_000, "Write a message.")] = Field(
        title="Message", json_schema_extra={"widget": "textarea"}
    )

    @model_validator(mode="before")
    @classmethod
    def _absent_is_empty(cls, data: Any) -> Any:
        # So that the fields refuse it in their own words; a list takes the place of addresses.
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
    def has_way_out(self) -> bool:
        """Whether each message holds a link with which whoever gets it unsubscribes."""
        if self.recipients:
            return self.unsubscribe != "never"
        return len(self.to) > 1 and self.unsubscribe == "several"


def check(form: EmailForm, desk: Desk) -> None:
    """The list is there, and each field of the message is one of its columns."""
    if form.to and form.recipients:
        raise FormErrors({"to": "Give addresses or a list, not both."})
    _require_somebody(form, desk)
    if form.server and form.server not in [value for value, _ in desk.senders()]:
        raise FormErrors({"server": "This mail server is not there any more. Choose another."})
    columns = [ALWAYS, *(_columns(form, desk) if form.recipients else ())]
    wrong = {
        name: f"{{{{ {found[0]} }}}} is no column of the list. It can be {_named(columns)}."
        for name in ("subject", "body")
        if (found := unknown_fields(columns, getattr(form, name)))
    }
    if wrong:
        raise FormErrors(wrong)


def _require_somebody(form: EmailForm, desk: Desk) -> None:
    """Of several, those to whom nobody writes are left out; where nobody else is left, the form says so."""
    unwanted = desk.unwanted(form.to) if form.to else ()
    if unwanted and len(unwanted) == len(form.to):
        who = f"“{unwanted[0]}” is" if len(unwanted) == 1 else "All of these are"
        raise FormErrors({"to": f"{who} on the list of those to whom nobody writes. An admin can change it."})


def _columns(form: EmailForm, desk: Desk) -> list[str]:
    try:
        table = desk.table(form.recipients)
    except NotFound:
        raise FormErrors({"recipients": "This list is not there any more. Choose a file."}) from None
    columns = [column.name for column in table.understood.columns]
    recipients.require_column(columns, form.address_column)
    return columns


def _named(columns: list[str]) -> str:
    more = f" and {len(columns) - 20:,} more" if len(columns) > 20 else ""
    return ", ".join(f"{{{{ {column} }}}}" for column in columns[:20]) + more


def expand(form: EmailForm, task: TaskContext) -> Iterator[NewDelivery]:
    """One delivery for each address, or for each row of the list."""
    if form.recipients:
        yield from recipients.of_list(task.table(form.recipients), form.address_column, duplicates=form.duplicates)
    yield from (NewDelivery(address, key=normal_form(address)) for address in form.to)


def run(form: EmailForm, task: TaskContext) -> None:
    """Hands one message after another to the mail server, or to the outbox."""
    from webapp.mail.compose import Letter

    with task.mail_server(form.server) as server:
        letter = Letter(form.subject, form.body, server.sender, form.reply_to, has_way_out=form.has_way_out)
        link = task.unsubscribe_links() if form.has_way_out else lambda to: ""
        for delivery in task.deliveries(server):
            values = {ALWAYS: delivery.to, **{key_of(name): value for name, value in delivery.data.items()}}
            way_out = link(delivery.to)
            message = letter.to(delivery.to, delivery.message_id, datetime.now(UTC), values, way_out)
            task.settle(delivery, server.send(message, delivery.to))


def _title(form: EmailForm) -> str:
    if form.recipients:
        return f"{form.subject} to a list"
    return f"Email to {form.to[0]}" if form.is_single else f"{form.subject} to {len(form.to):,} people"


def _title_at(form: EmailForm, desk: Desk) -> str:
    return f"{form.subject} to {desk.table(form.recipients).name}" if form.recipients else _title(form)


def _total_at(form: EmailForm, desk: Desk) -> int:
    return desk.table(form.recipients).understood.rows if form.recipients else len(form.to)


KIND = Kind(
    name="email",
    title="Send an email",
    about="To one person or to several, each alone.",
    verb="Send email",
    icon="mail",
    form=EmailForm,
    run=run,
    title_of=_title,
    title_at=_title_at,
    check=check,
    is_checked=lambda form: bool(form.recipients) or len(form.to) > UNCHECKED,
    queue=lambda form: "quick" if form.is_single else "mail",
    expand=expand,
    total=lambda form: len(form.to) or None,
    total_at=_total_at,
    undoable=True,
    pausable=True,
    grace=10.0,
)
