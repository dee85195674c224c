"""What the report form shows besides its fields, and how an earlier report fills in the form."""

import secrets
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from webapp.clock import today
from webapp.errors import FormErrors, NotFound
from webapp.installation import Installation
from webapp.kinds.report import data as report_data
from webapp.kinds.report.data import DataSummary
from webapp.kinds.report.form import ReportForm
from webapp.kinds.report.plan import plan_of
from webapp.ports.people import Person
from webapp.ports.tables import Parameter
from webapp.reports.shaping.periods import NAMED
from webapp.reports.shaping.plan import Plan
from webapp.web.forms.reading import Filled, line_of
from webapp.web.reports import rerun
from webapp.web.reports.preview import form_so_far

DELETED = "That file was deleted after {} days. Choose this month’s file."


def extras(installation: Installation, person: Person, filled: Filled[Any]) -> dict[str, Any]:
    """Returns what the template of the form needs besides the fields, such as the types of the columns."""
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
        "missing": rerun.missing(filled.raw, list(kinds), outcome),
        "same_as": rerun.used_before(installation, person, chosen)
        if data and chosen.startswith(("u-", "d-"))
        else None,
        "random_id": lambda: secrets.token_hex(4),
    }


def _parameters(
    installation: Installation, person: Person, filled: Filled[Any]
) -> list[tuple[Parameter, Sequence[str], str, str]]:
    """Returns the parameters of the chosen query with choices, a message if there are none, and typed values."""
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


def _known(installation: Installation, person: Person, filled: Filled[Any]) -> tuple[DataSummary | None, Plan | None]:
    """Returns the data and the plan of a form, as far as it is filled in."""
    chosen = (filled.raw.get("data") or [""])[-1]
    if not chosen:
        return None, None
    try:
        data = report_data.known(ReportForm(data=chosen), installation.form_context(person))
    except (FormErrors, ValidationError):
        return None, None
    form, _ = form_so_far(filled)
    return data, plan_of(form, data.kinds, today(person.zone)) if form else None


def again(installation: Installation, person: Person, filled: Filled[Any]) -> Filled[Any]:
    """Returns the form of an earlier report; with an error if the file that it was made from is gone."""
    upload_id = (filled.raw.get("data") or [""])[-1]
    if not upload_id.startswith("u-"):
        return filled
    try:
        installation.form_context(person).table(upload_id)
    except NotFound:
        message = DELETED.format(installation.settings.keep_files_days)
        return Filled(None, {"data": message}, {**filled.raw, "data": []})
    return filled
