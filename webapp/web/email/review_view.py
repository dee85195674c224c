"""The review of an email before it is sent: who gets it and who does not, what it says, how long it takes."""

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
from webapp.mail.list_summary import Summary, summary_of, summary_of_typed
from webapp.mail.preview import Draft, Preview, preview
from webapp.markup.weight import within_limits
from webapp.ports.files import Attachment
from webapp.ports.people import Person
from webapp.ports.tables import Table
from webapp.tasks.views import past_runs
from webapp.tasks.views.past_runs import Earlier
from webapp.web.http import formatting

SECONDS_FOR_ADDRESS = 20e-6  # of computing, for each that was typed


@dataclass(frozen=True, kw_only=True)
class Review:
    """All that the page shows; `first` is how the first message looks."""

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
    local_link: str = ""  # the panel's address if the message links to it and only this computer can open it

    @property
    def number(self) -> int:
        return self.summary.good

    @property
    def asks(self) -> bool:
        """True if the number of recipients has to be confirmed."""
        return self.number > UNCHECKED

    @property
    def got_at(self) -> datetime | None:
        """When the last of those who got the same message before got it."""
        return self.earlier.at if self.summary.got else None

    @property
    def empty(self) -> list[tuple[str, int, list[int]]]:
        """Fields that are empty for some recipients: the field, for how many, and in which rows."""
        rows = self.summary.empty_rows
        return [(name, count, rows[name]) for name, count in self.summary.empty.items() if count]


def sent_as(form: EmailForm, review: Review) -> EmailForm:
    """Returns the form as it is sent after this review."""
    tasks = list(review.earlier.tasks) if review.summary.got and review.leaves_got else []
    return form.model_copy(update={"except_tasks": tasks})


def review_of(installation: Installation, person: Person, form: EmailForm, *, leaves_got: bool) -> Review:
    """Returns the review of a checked form; raises UserError if its list cannot be read any more."""
    context = installation.form_context(person)
    table = context.table(form.recipients) if form.recipients else None
    column = require_column([one.name for one in table.schema.columns], form.address_column) if table else ""
    earlier, reading = _reading(installation, person, form, column, leaves_got=leaves_got)
    counts = _summary(form, table, reading)
    route = installation.mail.route(form.server)
    attachments = [context.attachment(file_id) for file_id in form.attachments]
    return Review(
        summary=counts,
        sender=route.sender,
        reply_to=form.reply_to,
        duration=_duration(installation, route, counts.good),
        is_outbox=route.smtp is None,
        first=_first(form, route, attachments, counts),
        table=table.name if table else "",
        column=column,
        attachments=attachments,
        earlier=earlier,
        leaves_got=leaves_got,
        local_link=installation.local_address if form.has_unsubscribe_link else "",
    )


def _reading(
    installation: Installation, person: Person, form: EmailForm, column: str, *, leaves_got: bool
) -> tuple[Earlier, lists.Reading]:
    """Who got the same message before, and how the recipients are read."""
    same = {"subject": form.subject, "body": form.body, "test": False}
    with installation.read() as conn:
        earlier = past_runs.same(conn, person, KIND.name, same)
        never = suppressions.keys(conn)
    return earlier, replace(reading_of(form, column), never=never, got=earlier.keys, leaves_got=leaves_got)


def _summary(form: EmailForm, table: Table | None, reading: lists.Reading) -> Summary:
    if table is None:
        return within_limits(len(form.to) * SECONDS_FOR_ADDRESS, summary_of_typed, form.to, reading)
    fields = [name for name in merge.fields_of(form.subject, form.body) if merge.key_of(name) != merge.ALWAYS]
    return sandbox.call(
        summary_of,
        table.typed,
        reading,
        fields,
        seconds=lists.SECONDS,
        memory_mb=lists.MEMORY_MB,
        what=f"The list “{table.name}”",
    )


def _first(form: EmailForm, route: Route, attachments: list[Attachment], counts: Summary) -> Preview | None:
    if not counts.first:
        return None
    draft = Draft(
        subject=form.subject,
        body=form.body,
        sender=route.sender,
        has_unsubscribe_link=form.has_unsubscribe_link,
        attachments=attachments,
    )
    return preview(draft, counts.first[0].to, counts.first[0].values)


def _duration(installation: Installation, route: Route, number: int) -> str:
    """By the rate limit of the server, else by the rate of earlier runs through it."""
    if route.smtp is None:
        return "a moment"
    if route.smtp.rate:
        return formatting.about(number / route.smtp.rate)
    with installation.read() as conn:
        speed = past_runs.speed(conn, route.target)
    return f"{formatting.about(number / speed)}, as fast as the last time" if speed else ""
