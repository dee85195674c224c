"""The preview beside the form of a report: its first rows, their number, the size of the file and the time it takes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from webapp.clock import today
from webapp.errors import Busy, FormErrors, TaskError, UserError
from webapp.installation import Installation
from webapp.kinds.report import data as report_data
from webapp.kinds.report.form import ReportForm
from webapp.kinds.report.plan import errors_of, plan_of
from webapp.ports.people import Person
from webapp.reports.preview import Preview, peek_apart
from webapp.sandbox_permits import patience
from webapp.tasks.views.past_runs import pace
from webapp.web.forms.reading import Filled, read_form
from webapp.web.http import formatting
from webapp.web.http.deps import SignedIn, TheInstallation
from webapp.web.http.multipart import FormData, Posted
from webapp.web.http.render import fragment

router = APIRouter(prefix="/new/report", include_in_schema=False)

EMPTY = "Choose data to see its first rows."
BUSY = "Outtray is busy reading other files, so there is no preview now. The report can be made all the same."
WAIT = 10.0  # seconds; a preview is of use only while its form is being filled in


@dataclass(frozen=True, kw_only=True)
class ReportPreview:
    """The first rows, or why there are none; `outcome` are the columns of the report."""

    preview: Preview | None = None
    message: str = ""
    size: str = ""
    time: str = ""
    outcome: Sequence[str] = ()

    @property
    def counts(self) -> str:
        """“4 rows, 2 columns”."""
        if self.preview is None:
            return ""
        return f"{formatting.plural(self.preview.total, 'row')}, {formatting.plural(self.preview.width, 'column')}"


@router.post("/preview")
def show(request: Request, person: SignedIn, installation: TheInstallation, posted: Posted) -> Response:
    """Shows the report as it is filled in so far."""
    filled = read_form(ReportForm, posted)
    return fragment(request, "reports/form/_preview.html", pane=pane(installation, person, filled))


def pane(installation: Installation, person: Person, filled: Filled[Any]) -> ReportPreview:
    """Returns the preview of a form as it was filled in, complete or not."""
    form, wrong = form_so_far(filled)
    if form is None:
        return ReportPreview(message=wrong or EMPTY)
    try:
        return _preview(installation, person, form)
    except Busy:
        return ReportPreview(message=BUSY)
    except FormErrors as error:
        return ReportPreview(message=" ".join(error.errors.values()))
    except (UserError, TaskError) as error:
        return ReportPreview(message=error.message)


def _preview(installation: Installation, person: Person, form: ReportForm) -> ReportPreview:
    context = installation.form_context(person)
    data = report_data.known(form, context)
    plan = plan_of(form, data.kinds, today(person.zone))
    if errors := errors_of(form, plan, data.kinds, data.title):
        return ReportPreview(message=next(iter(errors.values())))
    with patience(WAIT), report_data.preview_source(form, context) as ref:
        preview = peek_apart(ref, plan, form.dates)
    return ReportPreview(
        preview=preview,
        size=formatting.size(preview.size(form.format)),
        time=_time(installation, form, preview),
        outcome=preview.columns,
    )


def form_so_far(filled: Filled[Any]) -> tuple[ReportForm | None, str]:
    """Returns the form without its unfinished parts, or else what is wrong with it; a preview needs no addresses."""
    if isinstance(filled.value, ReportForm):
        return filled.value, ""
    raw = {name: list(values) for name, values in filled.raw.items() if name not in ("mail_to", "name")}
    if not any(value for value in raw.get("data", ())):
        return None, ""
    again = read_form(ReportForm, FormData(raw))
    if again.value is not None:
        return again.value, ""
    return None, next(iter(again.errors.values()), "")


def _time(installation: Installation, form: ReportForm, preview: Preview) -> str:
    with installation.read() as conn:
        per_row = pace(conn, f"report.{form.format}")
    return formatting.about(per_row * max(preview.total, 1)) if per_row else ""
