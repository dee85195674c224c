"""The form pages: one for each kind of task, drawn from its form model."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, BackgroundTasks, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from webapp.accounts import saved_forms
from webapp.errors import Conflict, NotFound
from webapp.installation import Installation
from webapp.ports.kinds import Kind
from webapp.ports.people import Person
from webapp.tasks import queries
from webapp.web.forms import drafts
from webapp.web.forms.buttons import Press, PressResult, handle
from webapp.web.forms.controls import render_form
from webapp.web.forms.reading import WHOLE, Filled, blank, checked, filled_from, read_form
from webapp.web.forms.starting import SENT_ALREADY, new_key, start_form
from webapp.web.forms.uploads import last_choices, take_uploads
from webapp.web.http.deps import SignedIn, TheInstallation
from webapp.web.http.multipart import FormData, Posted
from webapp.web.http.params import FormKey, RowId, Text, form_key, prefilled
from webapp.web.http.render import go, is_htmx, page_or_fragment, query
from webapp.web.start.kind_pages import page_of

router = APIRouter(prefix="/new", include_in_schema=False)

CHANGED = "This form has changed since then. Look at every field before you press."


class Source(BaseModel):
    """What a form shows first: the task that it repeats (`only` failed: for those who did not get it), or a saved one.

    Any field of the form can stand in the address too.
    """

    task: Annotated[RowId, Field(alias="from")] = 0
    only: Text = ""
    shortcut: Text = ""
    draft: FormKey = ""


@router.get("/{kind_name}")
def form(
    request: Request,
    kind_name: Text,
    person: SignedIn,
    installation: TheInstallation,
    source: Annotated[Source, Query()],
) -> Response:
    """Shows the empty form, or one that shows what an earlier task or the address says."""
    kind = kind_of(installation, kind_name, person)
    filled = _first_filled(request, installation, person, kind, source)
    answer = _form(request, installation, person, kind, filled, source.draft or new_key())
    # Who goes back must come to this very page: one that is fetched again would bring another key.
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer


@router.post("/{kind_name}")
def start(
    request: Request,
    kind_name: Text,
    person: SignedIn,
    installation: TheInstallation,
    posted: Posted,
    background: BackgroundTasks,
) -> Response:
    """Starts the task, or shows the form again with what is wrong beside its fields."""
    kind = kind_of(installation, kind_name, person)
    page_of(kind).before_reading(posted)
    key, errors = posted.read("key", form_key) or new_key(), take_uploads(installation, person, kind, posted)
    filled = read_form(kind.form, posted)
    press = Press(installation, person, kind, posted, filled.with_errors(errors), key, background)
    if done := handle(posted.one("intent"), press, page_of(kind).buttons):
        shown = done.filled.with_errors(errors)
        status = _status(posted, shown.errors, 200)
        return _form(request, installation, person, kind, shown, key, status, said=done)
    filled = checked(kind, filled, installation.form_context(person)).with_errors(errors)
    if filled.value is None:
        return _form(request, installation, person, kind, filled, key, _status(posted, errors, 422))
    if page_of(kind).review and kind.is_checked(filled.value):
        with installation.write() as conn:
            drafts.keep(conn, person, kind, key, filled.value)
        return go(request, f"{page_of(kind).review}{query(draft=key)}")
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


def _first_filled(
    request: Request, installation: Installation, person: Person, kind: Kind, source: Source
) -> Filled[Any]:
    if source.task:
        with installation.read() as conn:
            task = queries.one(conn, source.task, person)
        if task.kind == kind.name:
            filled, page = _of_task(kind, dict(task.form), task.form_version), page_of(kind)
            filled = page.again(installation, person, filled)
            return page.only_failed(installation, task, filled) if source.only == "failed" else filled
    if source.shortcut:
        with installation.read() as conn:
            found = saved_forms.one(conn, person, kind, source.shortcut, saved_forms.SHORTCUT)
        return Filled(
            None, {}, {name: [*values] for name, values in found.form.items() if name in kind.form.model_fields}
        )
    with installation.read() as conn:
        draft = drafts.find(conn, person, kind, source.draft)
    if draft is not None:
        return filled_from(kind.form, draft)
    with installation.read() as conn:
        start_values = {**blank(kind.form).raw, **last_choices(conn, person, kind)}
    return Filled(None, {}, {**start_values, **prefilled(request, kind.form.model_fields)})


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
    settings, page, filled = installation.settings, page_of(kind), filled.legible()
    with installation.read() as conn:
        templates = [(one.id, one.name) for one in saved_forms.listing(conn, person, kind)] if kind.template else []
    return page_or_fragment(
        request,
        "start/index.html",
        "start/_form.html",
        status=status,
        refused=status >= 400,
        form=render_form(kind, filled, installation.form_context(person)),
        kind=kind,
        key=key,
        kind_page=page,
        max_bytes=settings.max_upload_mb << 20,
        max_mb=settings.max_upload_mb,
        has_mail_server=installation.mail.has_server,
        done=said,
        templates=templates,
        is_changing=bool(said and said.is_changing),
        # The preview stands beside the form; while that is swapped, it draws itself anew.
        pane=page.preview(installation, person, filled) if page.preview and not is_htmx(request) else None,
        **page.extras(installation, person, filled),
    )


def _status(posted: FormData, errors: Mapping[str, str], usual: int) -> int:
    if posted.refused:
        return 413
    return 422 if errors else usual
