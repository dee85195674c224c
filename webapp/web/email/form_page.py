"""What the email form shows besides its fields, and how an earlier email fills it in again."""

from typing import Any

from webapp.files import saved_tables
from webapp.installation import Installation
from webapp.mail.merge import fields_of
from webapp.ports.delivery_state import DeliveryState
from webapp.ports.people import Person
from webapp.tasks import queries
from webapp.tasks.model import Task
from webapp.web.email.preview import EmailPreview, name_of_list, pane
from webapp.web.forms.reading import WHOLE, Filled
from webapp.web.http.formatting import plural

FROM_A_LIST = (
    "{} did not get it. The message names columns of the list: on the page of the task, choose “Failed” and "
    "“Download list”, correct the addresses there, and choose that file here."
)
MOST_CORRECTED = 500  # addresses in a form


def preview_of(installation: Installation, person: Person, filled: Filled[Any]) -> EmailPreview:
    return pane(installation, person, filled.raw)


def extras(installation: Installation, person: Person, filled: Filled[Any]) -> dict[str, Any]:
    """Saved lists, and how the chosen list is described."""
    with installation.read() as conn:
        known = saved_tables.listing(conn, installation.store, person)
    return {"saved_lists": known, "chosen_list": name_of_list(installation, person, filled.raw)}


def again(installation: Installation, person: Person, filled: Filled[Any]) -> Filled[Any]:
    """A test went to the person at the form; run again, it is the message to everybody."""
    if filled.raw.get("test", [""])[-1] in ("", "False", "false"):
        return filled
    return Filled(None, {}, {**filled.raw, "to": [], "test": []})


def only_failed(installation: Installation, task: Task, filled: Filled[Any]) -> Filled[Any]:
    """The form for those whose addresses were refused, to be corrected; the others got it."""
    if fields_of(*filled.raw.get("subject", ()), *filled.raw.get("body", ())):
        return filled.with_errors({WHOLE: FROM_A_LIST.format(plural(task.failed_count, "person", "people"))})
    with installation.read() as conn:
        failed = queries.deliveries(conn, task.id, state=DeliveryState.FAILED, limit=MOST_CORRECTED)
    to = [row.to for row in failed]
    return Filled(None, {}, {**filled.raw, "to": ["\n".join(to)], "recipients": []})
