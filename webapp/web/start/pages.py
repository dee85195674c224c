"""The form pages: one for each kind of task, drawn from its form model."""

import hashlib
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from fastapi import APIRouter, BackgroundTasks, Request
from fastapi.responses import Response

from webapp.accounts import saved_forms
from webapp.errors import Conflict, NotFound
from webapp.files import saved_tables
from webapp.installation import House
from webapp.mail.merge import fields_of
from webapp.ports import Kind, Person
from webapp.tasks import commands, queries
from webapp.tasks.model import Task
from webapp.web.email import preview as email_preview
from webapp.web.forms import drafts
from webapp.web.forms.buttons import Asked, Done, obey
from webapp.web.forms.controls import draw
from webapp.web.forms.reading import WHOLE, Filled, blank, checked, filled_from, read_form
from webapp.web.forms.uploads import last_choices, remember_choices, take_uploads
from webapp.web.http import formatting as words
from webapp.web.http.deps import SignedIn, TheHouse
from webapp.web.http.multipart import Posted, Posting
from webapp.web.http.render import go, is_htmx, page_or_fragment, query
from webapp.web.notifications import preview as notification_preview
from webapp.web.reports import preview as report_preview
from webapp.web.reports import rerun

router = APIRouter(prefix="/new", include_in_schema=False)

FROM_A_LIST = (
    "{} did not get it. The message names columns of the list: on the page of the task, choose “Failed” and "
    "“Download list”, correct the addresses there, and choose that file here."
)
DELETED = "That file was deleted after {} days. Choose this month’s file."
CHANGED = "This form has changed since then. Look at every field before you press."
# What stands beside a form.
PANES: dict[str, Callable[[House, Person, Filled[Any]], Any]] = {
    "email": lambda house, person, filled: email_preview.pane(house, person, filled.raw),
    "notification": notification_preview.pane,
    "report": report_preview.pane,
}
MOST_CORRECTED = 500  # addresses in a form
SENT_ALREADY = "This form was sent already, with other content. Press again to send this one too."


@router.get("/{kind_name}")
def form(request: Request, kind_name: str, person: SignedIn, house: TheHouse) -> Response:
    """The empty form, or one that shows what an earlier task or the address says."""
    kind = kind_of(house, kind_name, person)
    key = request.query_params.get("draft", "")[:100] or new_key()
    answer = _form(request, house, person, kind, _first_filled(request, house, person, kind), key)
    # Who goes back must come to this very page: one that is fetched again would bring another key.
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer


@router.post("/{kind_name}")
def start(
    request: Request, kind_name: str, person: SignedIn, house: TheHouse, posted: Posted, background: BackgroundTasks
) -> Response:
    """Starts the task, or shows the form again with what is wrong beside its fields."""
    kind = kind_of(house, kind_name, person)
    rerun.rename(posted)
    key, errors = posted.one("key")[:100] or new_key(), take_uploads(house, person, kind, posted)
    filled = read_form(kind.form, posted)
    asked = Asked(house, person, kind, posted, filled.with_errors(errors), key, background)
    if done := obey(posted.one("intent"), asked):
        shown = done.filled.with_errors(errors)
        status = _status(posted, shown.errors, 200)
        return _form(request, house, person, kind, shown, key, status, said=done)
    filled = checked(kind, filled, house.desk(person)).with_errors(errors)
    if filled.value is None:
        return _form(request, house, person, kind, filled, key, _status(posted, errors, 422))
    if kind.is_checked(filled.value):
        with house.write() as conn:
            drafts.keep(conn, person, kind, key, filled.value)
        return go(request, f"/new/{kind.name}/check{query(draft=key)}")
    try:
        started = begin(house, person, kind, filled, key, background)
    except Conflict:
        return _form(request, house, person, kind, filled.with_errors({WHOLE: SENT_ALREADY}), new_key(), 422)
    return go(request, f"/#task-{started.id}")


def begin(
    house: House, person: Person, kind: Kind, filled: Filled[Any], key: str, background: BackgroundTasks
) -> commands.Started:
    """Starts the task of a form page, once for its key; Conflict where that has started another."""
    form: Any = filled.value
    title, total = house.title(kind, form, person), house.total(kind, form, person)
    digest = hashlib.sha256(form.model_dump_json().encode()).hexdigest()
    with house.write(background) as conn:
        remember_choices(conn, person, kind, filled)
        more: dict[str, Any] = {"title": title, "total": total, "undo": True}
        drafts.drop(conn, person, key)
        return commands.start(conn, house.engine, kind, form, person, key=f"form:{key}", key_hash=digest, **more)


def kind_of(house: House, name: str, person: Person) -> Kind:
    kind = house.kind(name)
    if not kind.on_home and not person.is_admin:
        raise NotFound("There is no such form.")
    return kind


def _first_filled(request: Request, house: House, person: Person, kind: Kind) -> Filled[Any]:
    given = request.query_params
    source = given.get("from", "")
    if source.isdecimal() and len(source) < 19:
        with house.read() as conn:
            task = queries.one(conn, int(source), person)
        if task.kind == kind.name:
            # A test went to whoever tried: run again, it is the message to everybody.
            form = {**task.form, "to": [], "test": False} if task.form.get("test") else dict(task.form)
            filled = _of_task(kind, form, task.form_version)
            if given.get("only") == "failed":
                return _only_failed(house, task, filled)
            return _with_data(house, person, kind, filled)
    if shortcut := given.get("shortcut", ""):
        with house.read() as conn:
            found = saved_forms.one(conn, person, kind, shortcut, saved_forms.SHORTCUT)
        return Filled(
            None, {}, {name: [*values] for name, values in found.form.items() if name in kind.form.model_fields}
        )
    with house.read() as conn:
        draft = drafts.find(conn, person, kind, given.get("draft", ""))
    if draft is not None:
        return filled_from(kind.form, draft)
    with house.read() as conn:
        start_values = {**blank(kind.form).raw, **last_choices(conn, person, kind)}
    typed = {name: given.getlist(name) for name in kind.form.model_fields if name in given}
    return Filled(None, {}, {**start_values, **typed})


def _with_data(house: House, person: Person, kind: Kind, filled: Filled[Any]) -> Filled[Any]:
    """Says so where the file that it was made from is gone."""
    upload_id = (filled.raw.get("data") or [""])[-1]
    if not upload_id.startswith("u-"):
        return filled
    try:
        house.table_of(person.id, upload_id)
    except NotFound:
        words = DELETED.format(house.settings.keep_files_days)
        return Filled(None, {"data": words}, {**filled.raw, "data": []})
    return filled


def _only_failed(house: House, task: Task, filled: Filled[Any]) -> Filled[Any]:
    """The form for those whose addresses were refused, to be corrected; the others got it."""
    if fields_of(*filled.raw.get("subject", ()), *filled.raw.get("body", ())):
        return filled.with_errors({WHOLE: FROM_A_LIST.format(words.plural(task.failed_count, "person", "people"))})
    with house.read() as conn:
        to = [row.to for row in queries.deliveries(conn, task.id, "failed", limit=MOST_CORRECTED)]
    return Filled(None, {}, {**filled.raw, "to": ["\n".join(to)], "recipients": []})


def _of_task(kind: Kind, data: dict[str, Any], version: int) -> Filled[Any]:
    try:
        return filled_from(kind.form, kind.form.upgrade(data, version))
    except ValueError:
        return filled_from(kind.form, data).with_errors({WHOLE: CHANGED})


def _form(
    request: Request,
    house: House,
    person: Person,
    kind: Kind,
    filled: Filled[Any],
    key: str,
    status: int = 200,
    said: Done | None = None,
) -> Response:
    settings = house.settings
    with house.read() as conn:
        templates = [(one.id, one.name) for one in saved_forms.listing(conn, person, kind)] if kind.template else []
        known = saved_tables.listing(conn, house.store, person)
    return page_or_fragment(
        request,
        "new/index.html",
        "new/_form.html",
        status=status,
        refused=status >= 400,
        form=draw(kind, filled, house.desk(person)),
        kind=kind,
        key=key,
        body=f"kinds/{kind.name}/_form.html",
        max_bytes=settings.max_upload_mb << 20,
        max_mb=settings.max_upload_mb,
        has_mail_server=house.mail.has_server,
        done=said,
        templates=templates,
        saved_lists=known,
        chosen_list=email_preview.name_of_list(house, person, filled.raw),
        is_changing=bool(said and said.is_changing),
        # The preview stands beside the form; while that is swapped, it draws itself anew.
        pane=PANES[kind.name](house, person, filled) if kind.name in PANES and not is_htmx(request) else None,
        **(report_preview.extras(house, person, filled) if kind.name == "report" else {}),
    )


def _status(posted: Posting, errors: Mapping[str, str], usual: int) -> int:
    if posted.refused:
        return 413
    return 422 if errors else usual


def new_key() -> str:
    return secrets.token_urlsafe(18)
