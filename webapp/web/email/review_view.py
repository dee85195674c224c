"""What there is to know of an email before it goes: who gets it and who does not, what it says, how long it takes."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from webapp import sandbox
from webapp.connections import suppressions
from webapp.connections.mail_routing import Route
from webapp.installation import Installation
from webapp.kinds.email.form import EmailForm
from webapp.kinds.email.kind import KIND, UNCHECKED, reading_of
from webapp.kinds.email.recipients import require_column
from webapp.mail import lists, merge
from webapp.mail.list_summary import Summary, summary, summary_of
from webapp.mail.preview import Draft, Preview, preview
from webapp.ports.files import Attachment
from webapp.ports.people import Person
from webapp.ports.tables import Table
from webapp.tasks.views import past_runs as earlier
from webapp.tasks.views.past_runs import Earlier
from webapp.web.http import formatting


@dataclass(frozen=True)
class Review:
    """All that the check page shows; `first` is how the first message looks."""

    summary: Summary
    sender: str
    reply_to: str
    duration: str
    is_outbox: bool
    first: Preview | None = None
    table: str = ""
    column: str = ""
    attachments: list[Attachment] = field(default_factory=list)
    earlier: Earlier = field(default_factory=Earlier)
    leaves_got: bool = True
    local_link: str = ""  # the panel's address where people elsewhere cannot open it, but the message links to it

    @property
    def number(self) -> int:
        return self.summary.good

    @property
    def asks(self) -> bool:
        return self.number > UNCHECKED

    @property
    def got_at(self) -> datetime | None:
        return self.earlier.at if self.summary.got else None

    @property
    def empty(self) -> list[tuple[str, int, list[int]]]:
        """Fields that are empty for somebody, for how many, and in which rows."""
        rows = self.summary.empty_rows
        return [(name, count, rows[name]) for name, count in self.summary.empty.items() if count]


def sent_as(form: EmailForm, look: Review) -> EmailForm:
    """The form as it is sent after this look."""
    tasks = list(look.earlier.tasks) if look.summary.got and look.leaves_got else []
    return form.model_copy(update={"except_tasks": tasks})


def look_at(installation: Installation, person: Person, form: EmailForm, *, leaves_got: bool) -> Review:
    """UserError where the list cannot be read any more."""
    table = installation.form_context(person).table(form.recipients) if form.recipients else None
    column = require_column([one.name for one in table.understood.columns], form.address_column) if table else ""
    with installation.read() as conn:
        before = earlier.same(conn, person, KIND.name, {"subject": form.subject, "body": form.body, "test": False})
        reading = replace(
            reading_of(form, column), never=suppressions.keys(conn), got=before.keys, leaves_got=leaves_got
        )
    found = _summary(form, table, reading)
    way = installation.mail.way(form.server)
    attachments = [installation.form_context(person).attachment(file_id) for file_id in form.attachments]
    draft = Draft(form.subject, form.body, way.sender, form.has_way_out, attachments)
    entry = found.first[0] if found.first else None
    return Review(
        found,
        way.sender,
        form.reply_to,
        _duration(installation, way, found.good),
        way.smtp is None,
        preview(draft, entry.to, entry.values) if entry else None,
        table.name if table else "",
        column,
        attachments,
        before,
        leaves_got,
        installation.local_address if form.has_way_out else "",
    )


def _summary(form: EmailForm, table: Table | None, reading: lists.Reading) -> Summary:
    if table is None:
        return summary(lists.of_addresses(form.to, reading), reading)
    fields = [name for name in merge.fields_of(form.subject, form.body) if merge.key_of(name) != merge.ALWAYS]
    return sandbox.call(
        summary_of, table.typed, reading, fields,
        seconds=lists.SECONDS, memory_mb=lists.MEMORY_MB, what=f"The list “{table.name}”",
    )  # fmt: skip


def _duration(installation: Installation, way: Route, number: int) -> str:
    """By the speed that is set for the server, else by that of earlier runs through it."""
    if way.smtp is None:
        return "a moment"
    if way.smtp.rate:
        return formatting.about(number / way.smtp.rate)
    with installation.read() as conn:
        speed = earlier.speed(conn, way.target)
    return f"{formatting.about(number / speed)}, as fast as the last time" if speed else ""
