"""Check before sending: who gets an email, who does not and why, what it says, and how long it takes."""

from dataclasses import dataclass
from datetime import UTC, datetime

from fastapi import APIRouter, BackgroundTasks, Request
from fastapi.responses import Response

from webapp import processes
from webapp.errors import Conflict, FormErrors, UserError
from webapp.house import House
from webapp.kinds.email import ALWAYS, UNCHECKED, EmailForm, check
from webapp.kinds.email import KIND as EMAIL
from webapp.kinds.recipients import require_column
from webapp.mail import lists, merge
from webapp.mail.compose import Letter
from webapp.mail.html import clean
from webapp.ports import Person
from webapp.tasks import queries
from webapp.web import drafts, words
from webapp.web.deps import SignedIn, TheHouse
from webapp.web.forms import WHOLE, Filled
from webapp.web.new import SENT_ALREADY, begin, new_key
from webapp.web.posted import Posted
from webapp.web.render import go, page, query

router = APIRouter(prefix="/new/email/check", include_in_schema=False)

SAMPLE_ID = "<check@outtray.invalid>"
TICK = "Tick to confirm the number."


@dataclass(frozen=True)
class Look:
    """All that the page shows. `first` is the first message: whom it goes to, its subject and its HTML."""

    summary: lists.Summary
    table: str
    column: str
    sender: str
    reply_to: str
    first: tuple[str, str, str] | None
    size: int  # bytes of the first message, as it travels
    duration: str
    is_outbox: bool

    @property
    def number(self) -> int:
        return self.summary.good

    @property
    def asks(self) -> bool:
        return self.number > UNCHECKED

    @property
    def empty(self) -> list[tuple[str, int, list[int]]]:
        """Fields that are empty for somebody, for how many, and in which rows."""
        rows = self.summary.empty_rows
        return [(name, count, rows[name]) for name, count in self.summary.empty.items() if count]


@router.get("")
def show(request: Request, person: SignedIn, house: TheHouse, draft: str = "") -> Response:
    """The last look."""
    return _answer(request, house, person, draft)


@router.post("")
def send(request: Request, person: SignedIn, house: TheHouse, posted: Posted, background: BackgroundTasks) -> Response:
    """Starts it; above 20 only with the number confirmed."""
    key, confirmed = posted.one("draft")[:100], posted.one("confirmed")
    form = _draft(house, person, key)
    if form is None:
        return _sent_already(request, house, person, key)
    look = _look(house, person, form)
    if not look.number:
        return _page(request, key, look)
    if look.asks and confirmed != str(look.number):
        return _page(request, key, look, {"confirmed": TICK})
    try:
        started = begin(house, person, EMAIL, Filled(form), key, background)
    except Conflict:  # the same page has sent something else before
        key = new_key()
        with house.write() as conn:
            drafts.keep(conn, person, EMAIL, key, form)
        return _page(request, key, look, {WHOLE: SENT_ALREADY})
    return go(request, f"/#task-{started.id}")


def _answer(request: Request, house: House, person: Person, key: str) -> Response:
    form = _draft(house, person, key)
    if form is None:
        return _sent_already(request, house, person, key)
    try:
        check(form, house.desk(person))
        return _page(request, key, _look(house, person, form))
    except (FormErrors, UserError):  # the form says what is wrong beside its fields
        return go(request, f"/new/email{query(draft=key)}")


def _draft(house: House, person: Person, key: str) -> EmailForm | None:
    with house.read() as conn:
        found = drafts.find(conn, person, EMAIL, key)
    return EmailForm.model_validate(found) if found else None


def _sent_already(request: Request, house: House, person: Person, key: str) -> Response:
    """Whoever goes back or presses twice: the task that came of it, else an empty form."""
    with house.read() as conn:
        known = queries.by_key(conn, person.id, f"form:{key}")
    return go(request, f"/#task-{known[0]}" if known else "/new/email")


def _look(house: House, person: Person, form: EmailForm) -> Look:
    table = house.table_of(person.id, form.recipients) if form.recipients else None
    column = ""
    if table:
        column = require_column([one.name for one in table.understood.columns], form.address_column)
        fields = [name for name in merge.fields_of(form.subject, form.body) if merge.key_of(name) != ALWAYS]
        summary: lists.Summary = processes.call(
            lists.summary, table.typed, column, fields, form.duplicates,
            seconds=lists.SECONDS, memory_mb=lists.MEMORY_MB, what=f"The list “{table.name}”",
        )  # fmt: skip
    else:
        summary = lists.Summary(len(form.to), len(form.to), first=[lists.Entry(0, form.to[0], "", {})])
    way = house.mail.way(form.server)
    sender, rate, is_outbox = way.sender, way.smtp.rate if way.smtp else None, way.smtp is None
    duration = words.about(summary.good / rate) if rate else ""
    first, size = _first(form, summary, sender)
    return Look(summary, table.name if table else "", column, sender, form.reply_to, first, size, duration, is_outbox)


def _first(form: EmailForm, summary: lists.Summary, sender: str) -> tuple[tuple[str, str, str] | None, int]:
    if not summary.first:
        return None, 0
    entry = summary.first[0]
    values = {ALWAYS: entry.to, **{merge.key_of(name): value for name, value in entry.values.items()}}
    marks = merge.Marks.of(form.body)
    html = marks.fill(clean(marks.put(form.body)), values)
    message = Letter(form.subject, form.body, sender).to(entry.to, SAMPLE_ID, datetime.now(UTC), values)
    return (entry.to, merge.fill_line(form.subject, values), html), len(message.as_bytes(utf8=True))


def _page(request: Request, key: str, look: Look, errors: dict[str, str] | None = None) -> Response:
    return page(
        request, "new/check.html", status=422 if errors else 200, look=look, key=key, errors=errors or {},
        focus_h1=not errors,
    )  # fmt: skip
