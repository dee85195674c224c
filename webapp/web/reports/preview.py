"""The preview beside the form of a report: its first rows, how many there will be, how large the file, how long."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from webapp.clock import today
from webapp.errors import FormErrors, TaskError, UserError
from webapp.installation import Installation
from webapp.kinds.report import data as report_data
from webapp.kinds.report.form import ReportForm
from webapp.kinds.report.plan import plan_of, wrong_with
from webapp.ports.people import Person
from webapp.reports.preview import Preview, peek_apart
from webapp.tasks.views.past_runs import pace
from webapp.web.forms.reading import Filled, read_form
from webapp.web.http import formatting as words
from webapp.web.http.deps import SignedIn, TheInstallation
from webapp.web.http.multipart import Posted
from webapp.web.http.render import fragment

router = APIRouter(prefix="/new/report", include_in_schema=False)

EMPTY = "Choose data to see its first rows."
BUSY = "Other previews are being made. It is shown in a moment."
AT_ONCE = threading.BoundedSemaphore(2)  # each takes a process of its own and up to a second of a core
WAIT = 10.0  # seconds


@dataclass(frozen=True)
class ReportPreview:
    """What stands there: the first rows, or words where there are none; `outcome` are the columns of the report."""

    peek: Preview | None = None
    words: str = ""
    size: str = ""
    time: str = ""
    outcome: Sequence[str] = ()

    @property
    def counts(self) -> str:
        """“4 rows, 2 columns”."""
        if self.peek is None:
            return ""
        return f"{words.plural(self.peek.total, 'row')}, {words.plural(self.peek.width, 'column')}"


@router.post("/preview")
def show(request: Request, person: SignedIn, installation: TheInstallation, posted: Posted) -> Response:
    """The report as it is filled in so far."""
    filled = read_form(ReportForm, posted)
    return fragment(request, "reports/form/_preview.html", pane=pane(installation, person, filled))


def pane(installation: Installation, person: Person, filled: Filled[Any]) -> ReportPreview:
    """The preview of a form as it was filled in, whole or not."""
    form, wrong = form_so_far(filled)
    if form is None:
        return ReportPreview(words=wrong or EMPTY)
    try:
        data = report_data.known(form, installation.form_context(person))
        plan = plan_of(form, data.kinds, today(person.zone))
        if faults := wrong_with(form, plan, data.kinds, data.title):
            return ReportPreview(words=next(iter(faults.values())))
        if not AT_ONCE.acquire(timeout=WAIT):
            return ReportPreview(words=BUSY)
        try:
            with report_data.looked_at(form, installation.form_context(person)) as ref:
                found = peek_apart(ref, plan, form.dates)
        finally:
            AT_ONCE.release()
    except FormErrors as error:
        return ReportPreview(words=" ".join(error.errors.values()))
    except (UserError, TaskError) as error:
        return ReportPreview(words=error.words)
    return ReportPreview(
        found, "", words.size(found.size(form.format)), _time(installation, form, found), found.columns
    )


def form_so_far(filled: Filled[Any]) -> tuple[ReportForm | None, str]:
    """The form without what is not finished yet, or what is wrong with it; a preview needs no addresses."""
    if isinstance(filled.value, ReportForm):
        return filled.value, ""
    raw = {name: list(values) for name, values in filled.raw.items() if name not in ("mail_to", "name")}
    if not any(value for value in raw.get("data", ())):
        return None, ""
    again = read_form(ReportForm, _Values(raw))
    if again.value is not None:
        return again.value, ""
    return None, next(iter(again.errors.values()), "")


@dataclass(frozen=True)
class _Values:
    raw: Mapping[str, Sequence[str]]

    def typed(self, name: str) -> Sequence[str]:
        return self.raw.get(name, ())


def _time(installation: Installation, form: ReportForm, found: Preview) -> str:
    with installation.read() as conn:
        per_row = pace(conn, f"report.{form.format}")
    return words.about(per_row * max(found.total, 1)) if per_row else ""
