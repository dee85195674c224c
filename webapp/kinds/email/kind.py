"""Sends one email, or one to each address of a list; no recipient sees the other addresses."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from webapp import clock
from webapp.errors import FormErrors, NotFound, TaskError
from webapp.kinds.email import notes, recipients
from webapp.kinds.email.form import EmailForm
from webapp.mail import formats, lists
from webapp.mail.merge import ALWAYS, unknown_fields, values_for
from webapp.ports.attachments import require_attachable
from webapp.ports.deliveries import Delivery, NewDelivery
from webapp.ports.form_context import FormContext
from webapp.ports.kinds import Kind
from webapp.ports.task_context import TaskContext

if TYPE_CHECKING:
    from webapp.mail.compose import Letter, Message

TEST = "[Test] "  # begins the subject of a test
UNCHECKED = 20  # the most addresses that need no review before sending


def check(form: EmailForm, form_context: FormContext) -> None:
    """Raises FormErrors if the list is gone, or if a merge field is none of its columns."""
    if form.to and form.recipients and not form.test:
        raise FormErrors({"to": "Give addresses or a list, not both."})
    if form.test and len(form.to) != 1:
        raise FormErrors({"to": "A test goes to one address."})
    _require_recipient(form, form_context)
    require_attachable(form.attachments, form_context)
    if form.server and form.server not in [value for value, _ in form_context.senders()]:
        raise FormErrors({"server": "This mail server no longer exists. Choose another."})
    columns = [ALWAYS, *(_columns(form, form_context) if form.recipients else ())]
    wrong = {
        name: f"{{{{ {found[0]} }}}} is not a column of the list. It can be {_named(columns)}."
        for name in ("subject", "body")
        if (found := unknown_fields(columns, getattr(form, name)))
    }
    if wrong:
        raise FormErrors(wrong)


def _require_recipient(form: EmailForm, form_context: FormContext) -> None:
    """Raises FormErrors if every address is suppressed; a few suppressed ones are skipped at send time."""
    suppressed = form_context.suppressed(form.to) if form.to else ()
    if suppressed and len(suppressed) == len(form.to):
        who = f"“{suppressed[0]}” is" if len(suppressed) == 1 else "All of these are"
        raise FormErrors({"to": f"{who} on the suppression list “Never write to”. An admin can change it."})


def _columns(form: EmailForm, form_context: FormContext) -> list[str]:
    try:
        table = form_context.table(form.recipients)
    except NotFound:
        raise FormErrors({"recipients": "This list no longer exists. Choose a file."}) from None
    columns = [column.name for column in table.schema.columns]
    recipients.require_column(columns, form.address_column)
    return columns


def _named(columns: list[str]) -> str:
    more = f" and {len(columns) - 20:,} more" if len(columns) > 20 else ""
    return ", ".join(f"{{{{ {column} }}}}" for column in columns[:20]) + more


def expand(form: EmailForm, task: TaskContext) -> Iterator[NewDelivery]:
    """Yields one delivery for each address, or for each row of the list."""
    if form.test:
        table = task.data.table(form.recipients) if form.recipients else None
        yield recipients.test(table, form.to[0], reading_of(form), form.test_row)
        return
    reading = reading_of(form, got=task.ledger.reached_by(form.except_tasks))
    if form.recipients:
        yield from recipients.of_list(task.data.table(form.recipients), reading)
    for entry in lists.of_addresses(form.to, reading):
        yield NewDelivery(entry.to, {}, entry.skip, entry.skip_reason, entry.key)


def reading_of(form: EmailForm, column: str = "", **more: frozenset[str]) -> lists.Reading:
    """Returns how the recipients of this form are read; `more`: whom to leave out, as in lists.Reading."""
    return lists.Reading(
        column=column or form.address_column,
        duplicates=form.duplicates,
        formats=formats.read(form.formats),
        leaves_got=bool(form.except_tasks),
        **more,
    )


def run(form: EmailForm, task: TaskContext) -> None:
    """Hands the messages to the mail server, or to the outbox, one after another."""
    with task.connections.mail_server(form.server) as server:
        letter = _letter(form, task, server.sender)
        link = task.connections.unsubscribe_links() if form.has_unsubscribe_link else lambda to: ""

        def compose(delivery: Delivery) -> "Message":
            return letter.to(
                delivery.to,
                message_id=delivery.message_id,
                date=clock.now(),
                values=values_for(delivery.to, delivery.data),
                unsubscribe_link=link(delivery.to),
            )

        for delivery, message in task.ledger.prepared(server, compose):
            task.ledger.settle(delivery, server.send(message, delivery.to))


def _letter(form: EmailForm, task: TaskContext, sender: str) -> "Letter":
    from webapp.mail.compose import Letter

    attached = [task.files.attachment(file_id) for file_id in form.attachments]
    try:
        return Letter(
            subject=f"{TEST}{form.subject}" if form.test else form.subject,
            body=form.body,
            sender=sender,
            reply_to=form.reply_to,
            attachments=attached,
            has_unsubscribe_link=form.has_unsubscribe_link,
        )
    except OSError as error:
        message = "An attached file cannot be read. Nothing was sent. Ask an admin."
        raise TaskError(message, cause="attachment-unreadable", technical=str(error)) from error


def _title(form: EmailForm) -> str:
    if form.test:
        return f"Test of “{form.subject}”"
    if form.recipients:
        return f"{form.subject} to a list"
    return f"Email to {form.to[0]}" if form.is_single else f"{form.subject} to {len(form.to):,} people"


def _title_at(form: EmailForm, form_context: FormContext) -> str:
    is_list = form.recipients and not form.test
    return f"{form.subject} to {form_context.table(form.recipients).name}" if is_list else _title(form)


def _total_at(form: EmailForm, form_context: FormContext) -> int:
    return form_context.table(form.recipients).schema.rows if form.recipients and not form.test else len(form.to)


KIND = Kind(
    name="email",
    title="Send an email",
    about="To one person or to several, a separate email for each.",
    verb="Send email",
    icon="mail",
    form=EmailForm,
    run=run,
    title_of=_title,
    title_at=_title_at,
    check=check,
    is_checked=lambda form: bool(form.recipients) or len(form.to) > UNCHECKED,
    template=("subject", "body", "attachments"),
    server_of=lambda form: str(form.get("server") or ""),
    queue=lambda form: "quick" if form.is_single else "mail",
    expand=expand,
    total=lambda form: len(form.to) or None,
    total_at=_total_at,
    undoable=True,
    pausable=True,
    grace=10.0,
    noun="emails",
    note_form=notes.form_of,
    example={
        "form": {"to": ["ana@example.com", "ben@example.com"], "subject": "Hello", "body": "The **office** is closed."},
        "not_before": "2026-11-03T08:00:00+01:00",
        "undo": True,
    },
)
