"""What the further buttons of a form page do: a test to oneself, templates, a list kept under a name."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from fastapi import BackgroundTasks

from webapp.accounts import saved_forms
from webapp.errors import NotFound, UserError
from webapp.files import saved_tables
from webapp.installation import Installation
from webapp.kinds.email.form import EmailForm
from webapp.ports.kinds import Kind
from webapp.ports.people import Person
from webapp.starting import start_task
from webapp.web.forms import row_buttons
from webapp.web.forms.controls import columns_of
from webapp.web.forms.reading import Filled, checked, extra_of
from webapp.web.http.multipart import FormData

NO_CONTENT = "Write something first: there is nothing to keep."


@dataclass(frozen=True)
class Press:
    """A press on such a button, and the form as it was filled in then."""

    installation: Installation
    person: Person
    kind: Kind
    posted: FormData
    filled: Filled[Any]
    key: str
    background: BackgroundTasks


@dataclass(frozen=True)
class PressResult:
    """The form as it is shown then; `words` say what was done, `task` which one was started."""

    filled: Filled[Any]
    words: str = ""
    task: int = 0
    is_changing: bool = False  # another list is to be chosen
    is_anew: bool = False  # other texts than those that were typed
    moved: tuple[str, int, str] = ("", 0, "")  # the field of which a line was added, removed or moved; see lines.Moved


def handle(intent: str, asked: Press) -> PressResult | None:
    """None where this is no such button."""
    if intent in INTENTS:
        return INTENTS[intent](asked)
    moved = row_buttons.press(intent, asked.filled, asked.kind.form, _columns(asked))
    return PressResult(moved.filled, moved=(moved.field, moved.line, moved.act)) if moved else None


def _columns(asked: Press) -> list[str]:
    fields = asked.kind.form.model_fields
    chosen = (asked.filled.raw.get("data") or [""])[-1]
    return (
        [name for name, _, _ in columns_of(fields["data"], chosen, asked.installation.form_context(asked.person))]
        if "data" in fields
        else []
    )


def _show(asked: Press) -> PressResult:
    """Draws the form anew, with the columns of a list or with the preview."""
    return PressResult(_unjudged(asked.filled))


def _change_list(asked: Press) -> PressResult:
    return PressResult(_unjudged(asked.filled), is_changing=True)


def _test(asked: Press) -> PressResult:
    """Sends one email to the person at the form; the same text only once, however often it is pressed."""
    whole = checked(asked.kind, _with_somebody(asked), asked.installation.form_context(asked.person))
    if not isinstance(whole.value, EmailForm):
        return PressResult(replace(whole, raw=asked.filled.raw))
    row = asked.posted.one("row")
    more = {"to": [asked.person.email], "test": True, "test_row": int(row) if row.isdecimal() and len(row) < 9 else 1}
    form = whole.value.model_copy(update=more)
    key = f"test:{asked.key}:{hashlib.sha256(form.model_dump_json().encode()).hexdigest()[:20]}"
    task = start_task(
        asked.installation, asked.kind, form, asked.person, via="test", key=key, background=asked.background
    )
    said = f"A test is on its way to {asked.person.email}." if task.is_new else "This test was sent already."
    return PressResult(_unjudged(asked.filled), said, task.id)


def _with_somebody(asked: Press) -> Filled[Any]:
    """A test needs no recipients yet."""
    if asked.filled.value is not None or set(asked.filled.errors) != {"to"} or asked.posted.one("to").strip():
        return asked.filled
    data = {name: asked.posted.one(name) for name in ("subject", "body", "reply_to", "server")}
    lists = {name: [value for value in asked.posted.all(name) if value] for name in ("attachments", "formats")}
    return Filled(EmailForm.model_validate({"to": [asked.person.email], **data, **lists}), {}, asked.filled.raw)


def _use_template(asked: Press) -> PressResult:
    with asked.installation.read() as conn:
        try:
            found = saved_forms.one(conn, asked.person, asked.kind, asked.posted.one("template"))
        except NotFound as error:
            return PressResult(_unjudged(asked.filled).with_errors({"template": error.words}))
    texts = {name: value if isinstance(value, list) else [str(value)] for name, value in found.form.items()}
    filled = _unjudged(asked.filled)
    return PressResult(replace(filled, raw={**filled.raw, **texts}), f"This is “{found.name}”.", is_anew=True)


def _keep_template(asked: Press) -> PressResult:
    filled = _unjudged(asked.filled)
    form = {name: list(filled.raw.get(name, ())) for name in asked.kind.template}
    if not any(text.strip() for texts in form.values() for text in texts):
        return PressResult(filled.with_errors({"template_name": NO_CONTENT}))
    try:
        with asked.installation.write() as conn:
            more = (asked.posted.one("template_name"), form, saved_forms.TEMPLATE)
            name = saved_forms.keep(conn, asked.person, asked.kind, *more)
    except UserError as error:
        return PressResult(filled.with_errors({"template_name": error.words}))
    return PressResult(filled, f"Kept as the template “{name}”.")


def _keep_shortcut(asked: Press) -> PressResult:
    """The whole form as it is filled in; nothing of it is judged, and nothing starts."""
    filled = _unjudged(asked.filled)
    hidden = {name for name, info in asked.kind.form.model_fields.items() if extra_of(info).get("widget") == "hidden"}
    form = {name: list(values) for name, values in filled.raw.items() if name not in hidden}
    try:
        with asked.installation.write() as conn:
            more = (asked.posted.one("shortcut_name"), form, saved_forms.SHORTCUT)
            name = saved_forms.keep(conn, asked.person, asked.kind, *more)
    except UserError as error:
        return PressResult(filled.with_errors({"shortcut_name": error.words}))
    return PressResult(filled, f"Kept as the shortcut “{name}”, on Home.")


def _drop_template(asked: Press) -> PressResult:
    filled = _unjudged(asked.filled)
    try:
        with asked.installation.write() as conn:
            found = saved_forms.one(conn, asked.person, asked.kind, asked.posted.one("template"))
            saved_forms.drop(conn, asked.person, found.id)
    except NotFound as error:
        return PressResult(filled.with_errors({"template": error.words}))
    return PressResult(filled, f"The template “{found.name}” is gone.")


def _keep_list(asked: Press) -> PressResult:
    filled, installation, person = _unjudged(asked.filled), asked.installation, asked.person
    try:
        table = installation.form_context(person).table(asked.posted.one("recipients"))
        with installation.write() as conn:
            known = saved_tables.listing(conn, installation.store, person)
            if already := next((one.name for one in known if one.table.id == table.id), ""):
                return PressResult(filled, f"It is kept as the list “{already}”.")
            name = saved_tables.read_name(asked.posted.one("list_name") or table.name.rpartition(".")[0])
            saved_tables.add(conn, person, name, table.id)
    except UserError as error:
        return PressResult(filled.with_errors({"list_name": error.words}))
    return PressResult(filled, f"Kept as the list “{name}”.")


def _unjudged(filled: Filled[Any]) -> Filled[Any]:
    """What was typed, without a verdict on what is not finished yet."""
    return Filled(None, {}, filled.raw)


INTENTS: dict[str, Callable[[Press], PressResult]] = {
    "columns": _show,
    "preview": _show,
    "change-list": _change_list,
    "test": _test,
    "use-template": _use_template,
    "keep-shortcut": _keep_shortcut,
    "keep-template": _keep_template,
    "drop-template": _drop_template,
    "keep-list": _keep_list,
}
