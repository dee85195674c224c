"""The form pages: one for each kind of task, drawn from its form model."""

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import APIRouter, BackgroundTasks, Request
from fastapi.responses import Response

from webapp.accounts import saved_forms
from webapp.errors import Conflict, NotFound
from webapp.files import saved_tables
from webapp.installation import Installation
from webapp.mail.merge import fields_of
from webapp.ports.kinds import Kind
from webapp.ports.people import Person
from webapp.tasks import queries
from webapp.tasks.model import Task
from webapp.web.email import preview as email_preview
from webapp.web.forms import drafts
from webapp.web.forms.buttons import Press, PressResult, handle
from webapp.web.forms.controls import render_form
from webapp.web.forms.reading import WHOLE, Filled, blank, checked, filled_from, read_form
from webapp.web.forms.starting import SENT_ALREADY, new_key, start_form
from webapp.web.forms.uploads import last_choices, take_uploads
from webapp.web.http import formatting as words
from webapp.web.http.deps import SignedIn, TheInstallation
from webapp.web.http.multipart import FormData, Posted
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
PANES: dict[str, Callable[[Installation, Person, Filled[Any]], Any]] = {
    "email": lambda installation, person, filled: email_preview.pane(installation, person, filled.raw),
    "notification": notification_preview.pane,
    "report": report_preview.pane,
}
MOST_CORRECTED = 500  # addresses in a form


@router.get("/{kind_name}")
def form(request: Request, kind_name: str, person: SignedIn, installation: TheInstallation) -> Response:
    """The empty form, or one that shows what an earlier task or the address says."""
    kind = kind_of(installation, kind_name, person)
    key = request.query_params.get("draft", "")[:100] or new_key()
    answer = _form(request, installation, person, kind, _first_filled(request, installation, person, kind), key)
    # Who goes back must come to this very page: one that is fetched again would bring another key.
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer


@router.post("/{kind_name}")
def start(
    request: Request,
    kind_name: str,
    person: SignedIn,
    installation: TheInstallation,
    posted: Posted,
    background: BackgroundTasks,
) -> Response:
    """Starts the task, or shows the form again with what is wrong beside its fields."""
    kind = kind_of(installation, kind_name, person)
    rerun.rename(posted)
    key, errors = posted.one("key")[:100] or new_key(), take_uploads(installation, person, kind, posted)
    filled = read_form(kind.form, posted)
    asked = Press(installation, person, kind, posted, filled.with_errors(errors), key, background)
    if done := handle(posted.one("intent"), asked):
        shown = done.filled.with_errors(errors)
        status = _status(posted, shown.errors, 200)
        return _form(request, installation, person, kind, shown, key, status, said=done)
    filled = checked(kind, filled, installation.form_context(person)).with_errors(errors)
    if filled.value is None:
        return _form(request, installation, person, kind, filled, key, _status(posted, errors, 422))
    if kind.is_checked(filled.value):
        with installation.write() as conn:
            drafts.keep(conn, person, kind, key, filled.value)
        return go(request, f"/new/{kind.name}/check{query(draft=key)}")
    try:
        started = start_form(installation, person, kind, filled, key, background)
    except Conflict:
        return _form(request, installation, person, kind, filled.with_errors({WHOLE: SENT_ALREADY}), new_key(), 422)
    return go(request, f"/#task-{started.id}")


def kind_of(installation: Installation, name: str, person: Person) -> Kind:
    kind = installation.kind(name)
    if not kind.on_home and not person.is_admin:
        raise NotFound("There is no such form.")
    return kind


def _first_filled(request: Request, installation: Installation, person: Person, kind: Kind) -> Filled[Any]:
    given = request.query_params
    source = given.get("from", "")
    if source.isdecimal() and len(source) < 19:
        with installation.read() as conn:
            task = queries.one(conn, int(source), person)
        if task.kind == kind.name:
            # A test went to whoever tried: run again, it is the message to everybody.
            form = {**task.form, "to": [], "test": False} if task.form.get("test") else dict(task.form)
            filled = _of_task(kind, form, task.form_version)
            if given.get("only") == "failed":
                return _only_failed(installation, task, filled)
            return _with_data(installation, person, kind, filled)
    if shortcut := given.get("shortcut", ""):
        with installation.read() as conn:
            found = saved_forms.one(conn, person, kind, shortcut, saved_forms.SHORTCUT)
        return Filled(
            None, {}, {name: [*values] for name, values in found.form.items() if name in kind.form.model_fields}
        )
    with installation.read() as conn:
        draft = drafts.find(conn, person, kind, given.get("draft", ""))
    if draft is not None:
        return filled_from(kind.form, draft)
    with installation.read() as conn:
        start_values = {**blank(kind.form).raw, **last_choices(conn, person, kind)}
    typed = {name: given.getlist(name) for name in kind.form.model_fields if name in given}
    return Filled(None, {}, {**start_values, **typed})


def _with_data(installation: Installation, person: Person, kind: Kind, filled: Filled[Any]) -> Filled[Any]:
    """Says so where the file that it was made from is gone."""
    upload_id = (filled.raw.get("data") or [""])[-1]
    if not upload_id.startswith("u-"):
        return filled
    try:
        installation.form_context(person).table(upload_id)
    except NotFound:
        words = DELETED.format(installation.settings.keep_files_days)
        return Filled(None, {"data": words}, {**filled.raw, "data": []})
    return filled


def _only_failed(installation: Installation, task: Task, filled: Filled[Any]) -> Filled[Any]:
    """The form for those whose addresses were refused, to be corrected; the others got it."""
    if fields_of(*filled.raw.get("subject", ()), *filled.raw.get("body", ())):
        return filled.with_errors({WHOLE: FROM_A_LIST.format(words.plural(task.failed_count, "person", "people"))})
    with installation.read() as conn:
        to = [row.to for row in queries.deliveries(conn, task.id, "failed", limit=MOST_CORRECTED)]
    return Filled(None, {}, {**filled.raw, "to": ["\n".join(to)], "recipients": []})


def _of_task(kind: Kind, data: dict[str, Any], version: int) -> Filled[Any]:
    try:
        return filled_from(kind.form, kind.form.upgrade(data, version))
    except ValueError:
        return filled_from(kind.form, data).with_errors({WHOLE: CHANGED})


def _form(
    request: Request,
    installation: Installation,
    person: Person,
    kind: Kind,
    filled: Filled[Any],
    key: str,
    status: int = 200,
    said: PressResult | None = None,
) -> Response:
    settings = installation.settings
    with installation.read() as conn:
        templates = [(one.id, one.name) for one in saved_forms.listing(conn, person, kind)] if kind.template else []
        known = saved_tables.listing(conn, installation.store, person)
    return page_or_fragment(
        request,
        "new/index.html",
        "new/_form.html",
        status=status,
        refused=status >= 400,
        form=render_form(kind, filled, installation.form_context(person)),
        kind=kind,
        key=key,
        body=f"kinds/{kind.name}/_form.html",
        max_bytes=settings.max_upload_mb << 20,
        max_mb=settings.max_upload_mb,
        has_mail_server=installation.mail.has_server,
        done=said,
        templates=templates,
        saved_lists=known,
        chosen_list=email_preview.name_of_list(installation, person, filled.raw),
        is_changing=bool(said and said.is_changing),
        # The preview stands beside the form; while that is swapped, it draws itself anew.
        pane=PANES[kind.name](installation, person, filled) if kind.name in PANES and not is_htmx(request) else None,
        **(report_preview.extras(installation, person, filled) if kind.name == "report" else {}),
    )


def _status(posted: FormData, errors: Mapping[str, str], usual: int) -> int:
    if posted.refused:
        return 413
    return 422 if errors else usual
