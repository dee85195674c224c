"""The further buttons of the email form: a test to oneself, another list, saving a list under a name."""

import hashlib
from dataclasses import replace
from typing import Any

from webapp.audit import trail
from webapp.audit.actions import AuditAction, Target, TargetKind
from webapp.errors import UserError
from webapp.files import saved_tables
from webapp.kinds.email.form import EmailForm
from webapp.ports.names import read_name
from webapp.starting import NewTask, start_task
from webapp.web.email.preview import row_of
from webapp.web.forms.buttons import Press, PressResult, unjudged
from webapp.web.forms.reading import Filled, checked


def test(press: Press) -> PressResult:
    """Sends one email to the person at the form; the same text only once, however often it is pressed."""
    filled = checked(press.kind, _with_recipient(press), press.installation.form_context(press.person))
    if not isinstance(filled.value, EmailForm):
        return PressResult(replace(filled, raw=press.filled.raw))
    only = {"to": [press.person.email], "test": True, "test_row": row_of(press.posted)}
    form = filled.value.model_copy(update=only)
    key = f"test:{press.key}:{hashlib.sha256(form.model_dump_json().encode()).hexdigest()[:20]}"
    new = NewTask(kind=press.kind, form=form, owner=press.person, via="test", key=key)
    task = start_task(press.installation, new, press.background)
    message = f"A test is on its way to {press.person.email}." if task.is_new else "This test was sent already."
    return PressResult(unjudged(press.filled), message, task.id)


def _with_recipient(press: Press) -> Filled[Any]:
    """Returns the form with the person at the form as recipient if it has none yet: a test needs no others."""
    if press.filled.value is not None or set(press.filled.errors) != {"to"} or press.posted.one("to").strip():
        return press.filled
    data = {name: press.posted.one(name) for name in ("subject", "body", "reply_to", "server")}
    lists = {name: [value for value in press.posted.all(name) if value] for name in ("attachments", "formats")}
    return Filled(EmailForm.model_validate({"to": [press.person.email], **data, **lists}), {}, press.filled.raw)


def change_list(press: Press) -> PressResult:
    """Shows the choice of a list again."""
    return PressResult(unjudged(press.filled), is_changing=True)


def keep_list(press: Press) -> PressResult:
    """Saves the chosen list under a name."""
    filled, installation, person = unjudged(press.filled), press.installation, press.person
    try:
        table = installation.form_context(person).table(press.posted.one("recipients"))
        with installation.write() as conn:
            known = saved_tables.listing(conn, installation.store, person)
            if already := next((one.name for one in known if one.table.id == table.id), ""):
                return PressResult(filled, f"It is kept as the list “{already}”.")
            name = read_name(press.posted.one("list_name") or table.name.rpartition(".")[0])
            list_id = saved_tables.add(conn, person, name, table.id)
            trail.record(conn, AuditAction.ADD, Target(TargetKind.LIST, list_id, name, person.id))
    except UserError as error:
        return PressResult(filled.with_errors({"list_name": error.message}))
    return PressResult(filled, f"Kept as the list “{name}”.")
