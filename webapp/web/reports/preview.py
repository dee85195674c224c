"""The preview beside the form of a report: its first rows, how many there will be, how large the file, how long."""

import secrets
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import ValidationError

from webapp.errors import FormErrors, NotFound, TaskError, UserError
from webapp.installation import Installation
from webapp.kinds.report import data as report_data
from webapp.kinds.report.data import Known
from webapp.kinds.report.form import ReportForm
from webapp.kinds.report.plan import plan_of, wrong_with
from webapp.ports.people import Person
from webapp.ports.tables import Parameter
from webapp.reports.preview import Preview, peek_apart
from webapp.reports.shaping.periods import NAMED
from webapp.reports.shaping.plan import Plan
from webapp.tasks.views.past_runs import pace
from webapp.web.forms.reading import Filled, line_of, read_form
from webapp.web.http import formatting as words
from webapp.web.http.deps import SignedIn, TheInstallation
from webapp.web.http.multipart import Posted
from webapp.web.http.render import fragment
from webapp.web.reports import rerun as again

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
    return fragment(request, "kinds/report/_preview.html", pane=pane(installation, person, filled))


def pane(installation: Installation, person: Person, filled: Filled[Any]) -> ReportPreview:
    """The preview of a form as it was filled in, whole or not."""
    form, wrong = _begun(filled)
    if form is None:
        return ReportPreview(words=wrong or EMPTY)
    try:
        data = report_data.known(form, installation.form_context(person))
        plan = plan_of(form, data.kinds, datetime.now(person.zone).date())
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


def extras(installation: Installation, person: Person, filled: Filled[Any]) -> dict[str, Any]:
    """What the template of the form draws besides the fields: the types of the columns, those of the report."""
    data, plan = _known(installation, person, filled)
    kinds = data.kinds if data else {}
    outcome = plan.outcome if plan and plan.is_grouped else list(kinds)
    chosen = (filled.raw.get("data") or [""])[-1]
    return {
        "kinds_of_columns": kinds,
        "outcome_options": [(name, name) for name in outcome],
        "periods": list(NAMED),
        "other_names": _other_names(filled),
        "parameters": _parameters(installation, person, filled),
        "missing": again.missing(filled.raw, list(kinds), outcome),
        "same_as": again.used_before(installation, person, chosen)
        if data and chosen.startswith(("u-", "d-"))
        else None,
        "random_id": lambda: secrets.token_hex(4),
    }


def _parameters(
    installation: Installation, person: Person, filled: Filled[Any]
) -> list[tuple[Parameter, Sequence[str], str, str]]:
    """What the chosen query asks for: each with its choices, words where they are not known, and what was typed."""
    chosen = (filled.raw.get("data") or [""])[-1]
    if not chosen.startswith(report_data.QUERY):
        return []
    form_context = installation.form_context(person)
    try:
        parameters = form_context.query(chosen).parameters
    except NotFound:
        return []
    lines = [line_of(line) for line in filled.raw.get("values", ())]
    typed = {str(line.get("name")): str(line.get("value", "")) for line in lines}
    return [(one, *form_context.choices(one), typed.get(one.name, one.default)) for one in parameters]


def _other_names(filled: Filled[Any]) -> dict[str, str]:
    lines = [line_of(line) for line in filled.raw.get("names", ())]
    return {str(line["column"]): str(line["title"]) for line in lines if line.get("column") and line.get("title")}


def _known(installation: Installation, person: Person, filled: Filled[Any]) -> tuple[Known | None, Plan | None]:
    """The data and the plan of a form, as far as it is filled in."""
    chosen = (filled.raw.get("data") or [""])[-1]
    if not chosen:
        return None, None
    try:
        data = report_data.known(ReportForm(data=chosen), installation.form_context(person))
    except (FormErrors, ValidationError):
        return None, None
    form, _ = _begun(filled)
    return data, plan_of(form, data.kinds, datetime.now(person.zone).date()) if form else None


def _begun(filled: Filled[Any]) -> tuple[ReportForm | None, str]:
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

    def all(self, name: str) -> Sequence[str]:
        return self.raw.get(name, ())


def _time(installation: Installation, form: ReportForm, found: Preview) -> str:
    with installation.read() as conn:
        per_row = pace(conn, f"report.{form.format}")
    return words.about(per_row * max(found.total, 1)) if per_row else ""
