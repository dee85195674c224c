"""Hands a report over by mail when it is ready: the file itself, or a link to it."""

from collections.abc import Iterator, Sequence

from webapp import clock
from webapp.kinds.report.form import ReportForm
from webapp.mail import lists
from webapp.ports.attachments import MOST_BYTES
from webapp.ports.deliveries import Delivery, NewDelivery, ReplyState
from webapp.ports.files import Attachment
from webapp.ports.task_context import TaskContext

ENCLOSED = "Hello,\n\nthe report “{title}” is ready. It is attached: {name}, {rows}."
LINKED = "Hello,\n\nthe report “{title}” is ready: {name}, {rows}.\n\n[Open the report]({link})\n\n"
LINKED += "The link asks you to sign in."
TOO_LARGE = "The file has {size:,.0f} MB, more than most mail servers accept. The email has a link instead."
READY = "The report is ready."
EMPTY = "Not sent: the report has no rows."


def expand(form: ReportForm, task: TaskContext) -> Iterator[NewDelivery]:
    """Yields one delivery for each address."""
    for entry in lists.of_addresses(form.mail_to, lists.Reading()):
        yield NewDelivery(entry.to, {}, entry.skip, entry.skip_reason, entry.key)


def hand_over(form: ReportForm, task: TaskContext, file: Attachment, title: str, rows: str) -> str:
    """Emails the report to the addresses that do not have it yet; returns the outcome as a sentence."""
    from webapp.mail.compose import Letter, Message

    is_link = form.mail_as == "link"
    if not is_link and file.size > MOST_BYTES:
        is_link = True
        task.log(TOO_LARGE.format(size=file.size / 1_000_000))
    link = f"{task.connections.panel_address()}/files/{file.id}/download"
    body = (LINKED if is_link else ENCLOSED).format(title=title, name=file.name, rows=rows, link=link)
    sent: list[tuple[str, ReplyState]] = []
    failed: list[tuple[str, ReplyState]] = []
    with task.connections.mail_server() as server:
        letter = Letter(subject=title, body=body, sender=server.sender, attachments=[] if is_link else [file])

        def compose(delivery: Delivery) -> Message:
            return letter.to(delivery.to, message_id=delivery.message_id, date=clock.now())

        for delivery, message in task.ledger.prepared(server, compose):
            reply = server.send(message, delivery.to)
            task.ledger.settle(delivery, reply)
            (sent if reply.is_sent else failed).append((delivery.to, reply.state))
    return _outcome(sent, failed)


def _outcome(sent: Sequence[tuple[str, ReplyState]], failed: Sequence[tuple[str, ReplyState]]) -> str:
    if not failed:
        return f"Emailed to {_named([to for to, _ in sent])}." if sent else ""
    if all(state is ReplyState.SAVED for _, state in failed):
        return f"The email to {_named([to for to, _ in failed])} was saved to the outbox, not sent."
    return f"{READY} The email to {_named([to for to, _ in failed])} was not accepted."


def _named(addresses: Sequence[str]) -> str:
    return ", ".join(addresses[:3]) + (f" and {len(addresses) - 3:,} more" if len(addresses) > 3 else "")
