"""The further buttons that every form page has: refresh, templates, shortcuts, rows added, moved and removed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from fastapi import BackgroundTasks

from webapp.accounts import saved_forms
from webapp.audit import trail
from webapp.audit.actions import AuditAction, Target, TargetKind
from webapp.errors import NotFound, UserError
from webapp.installation import Installation
from webapp.ports.kinds import Kind
from webapp.ports.people import Person
from webapp.web.forms import row_buttons
from webapp.web.forms.controls import columns_of
from webapp.web.forms.reading import Filled, extra_of
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


Handler = Callable[[Press], PressResult]


def handle(intent: str, press: Press, more: Mapping[str, Handler]) -> PressResult | None:
    """Handles a press on a further button, `more` being those of this kind's page; None if it is not one."""
    if handler := more.get(intent) or HANDLERS.get(intent):
        return handler(press)
    moved = row_buttons.press(intent, press.filled, press.kind.form, _columns(press))
    return PressResult(moved.filled, moved=(moved.field, moved.line, moved.act)) if moved else None


def _columns(press: Press) -> list[str]:
    """Returns the columns of the chosen data, for forms that have such a field."""
    fields = press.kind.form.model_fields
    found = next((name for name, info in fields.items() if extra_of(info).get("widget") == "data"), "")
    if not found:
        return []
    chosen = (press.filled.legible().raw.get(found) or [""])[-1]
    context = press.installation.form_context(press.person)
    return [name for name, _, _ in columns_of(fields[found], chosen, context)]


def _show(press: Press) -> PressResult:
    """Draws the form anew, with the columns of a list or with the preview."""
    return PressResult(unjudged(press.filled))


def _use_template(press: Press) -> PressResult:
    with press.installation.read() as conn:
        try:
            found = saved_forms.one(conn, press.person, press.kind, press.posted.one("template"))
        except NotFound as error:
            return PressResult(unjudged(press.filled).with_errors({"template": error.message}))
    texts = {name: value if isinstance(value, list) else [str(value)] for name, value in found.form.items()}
    filled = unjudged(press.filled)
    return PressResult(replace(filled, raw={**filled.raw, **texts}), f"This is “{found.name}”.", is_anew=True)


def _keep_template(press: Press) -> PressResult:
    filled = unjudged(press.filled)
    form = {name: list(filled.raw.get(name, ())) for name in press.kind.template}
    if not any(text.strip() for texts in form.values() for text in texts):
        return PressResult(filled.with_errors({"template_name": NO_CONTENT}))
    try:
        with press.installation.write() as conn:
            more = (press.posted.one("template_name"), form, saved_forms.TEMPLATE)
            name = saved_forms.keep(conn, press.person, press.kind, *more)
            trail.record(conn, AuditAction.ADD, Target(TargetKind.TEMPLATE, "", name, press.person.id))
    except UserError as error:
        return PressResult(filled.with_errors({"template_name": error.message}))
    return PressResult(filled, f"Kept as the template “{name}”.")


def _keep_shortcut(press: Press) -> PressResult:
    """Keeps the form as it is filled in; it is not validated, and nothing starts."""
    filled = unjudged(press.filled)
    hidden = {name for name, info in press.kind.form.model_fields.items() if extra_of(info).get("widget") == "hidden"}
    form = {name: list(values) for name, values in filled.raw.items() if name not in hidden}
    try:
        with press.installation.write() as conn:
            more = (press.posted.one("shortcut_name"), form, saved_forms.SHORTCUT)
            name = saved_forms.keep(conn, press.person, press.kind, *more)
            trail.record(conn, AuditAction.ADD, Target(TargetKind.SHORTCUT, "", name, press.person.id))
    except UserError as error:
        return PressResult(filled.with_errors({"shortcut_name": error.message}))
    return PressResult(filled, f"Kept as the shortcut “{name}”, on Home.")


def _drop_template(press: Press) -> PressResult:
    filled = unjudged(press.filled)
    try:
        with press.installation.write() as conn:
            found = saved_forms.one(conn, press.person, press.kind, press.posted.one("template"))
            saved_forms.drop(conn, press.person, found.id)
            trail.record(conn, AuditAction.REMOVE, Target(TargetKind.TEMPLATE, found.id, found.name, press.person.id))
    except NotFound as error:
        return PressResult(filled.with_errors({"template": error.message}))
    return PressResult(filled, f"The template “{found.name}” is gone.")


def unjudged(filled: Filled[Any]) -> Filled[Any]:
    """Returns what was typed, without validating it."""
    return Filled(None, {}, filled.raw)


HANDLERS: dict[str, Handler] = {
    "columns": _show,
    "preview": _show,
    "use-template": _use_template,
    "keep-shortcut": _keep_shortcut,
    "keep-template": _keep_template,
    "drop-template": _drop_template,
}
