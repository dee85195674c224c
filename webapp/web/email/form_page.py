"""What the email form shows besides its fields, and how an earlier email fills in the form."""

from typing import Any

from webapp.files import saved_tables
from webapp.installation import Installation
from webapp.mail.merge import fields_of
from webapp.ports.delivery_state import DeliveryState
from webapp.ports.people import Person
from webapp.tasks import queries
from webapp.tasks.model import Task
from webapp.web.email import preview
from webapp.web.email.preview import name_of_list
from webapp.web.forms.reading import WHOLE, Filled
from webapp.web.http.formatting import plural

FROM_A_LIST = (
    "{} did not get it. The message names columns of the list: on the page of the task, choose “Failed” and "
    "“Download list”, correct the addresses there, and choose that file here."
)
MOST_CORRECTED = 500  # addresses in a form


preview_of = preview.pane


def extras(installation: Installation, person: Person, filled: Filled[Any]) -> dict[str, Any]:
    """Returns the saved lists and the description of the chosen one."""
    with installation.read() as conn:
        known = saved_tables.listing(conn, installation.store, person)
    return {"saved_lists": known, "chosen_list": name_of_list(installation, person, filled)}


def again(installation: Installation, person: Person, filled: Filled[Any]) -> Filled[Any]:
    """Returns the form of an earlier email; a test becomes the message to all recipients again."""
    if filled.raw.get("test", [""])[-1] in ("", "False", "false"):
        return filled
    return Filled(None, {}, {**filled.raw, "to": [], "test": []})


def only_failed(installation: Installation, task: Task, filled: Filled[Any]) -> Filled[Any]:
    """Returns the form with the addresses that were refused, to be corrected; the others got the email."""
    if fields_of(*filled.raw.get("subject", ()), *filled.raw.get("body", ())):
        return filled.with_errors({WHOLE: FROM_A_LIST.format(plural(task.failed_count, "person", "people"))})
    with installation.read() as conn:
        failed = queries.deliveries(conn, task.id, state=DeliveryState.FAILED, limit=MOST_CORRECTED)
    to = [row.to for row in failed]
    return Filled(None, {}, {**filled.raw, "to": ["\n".join(to)], "recipients": []})
