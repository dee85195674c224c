"""Turns templates into answers: whole pages, and the fragments of them that htmx asks for."""

from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from webapp import paths
from webapp.ports.delivery_state import DeliveryState
from webapp.ports.people import Person
from webapp.ports.values import legible
from webapp.reports.writing import charts, svg
from webapp.tasks.model import State
from webapp.web.http import flash, formatting
from webapp.web.http.navigation import rail
from webapp.web.http.static_files import asset

NO_STORE = {"Cache-Control": "no-store"}
# The state of a task whose colour and sign the state of a delivery has.
DELIVERY_LOOKS = {
    DeliveryState.WAITING: State.WAITING,
    DeliveryState.SENDING: State.RUNNING,
    DeliveryState.SENT: State.DONE,
    DeliveryState.FAILED: State.FAILED,
    DeliveryState.UNKNOWN: State.ATTENTION,
    DeliveryState.SKIPPED: State.CANCELLED,
    DeliveryState.SAVED: State.HELD,
    DeliveryState.RETURNED: State.ATTENTION,
}


@cache
def templates() -> Environment:
    """Returns the Jinja environment; it escapes everything and refuses unknown names."""
    env = Environment(
        loader=FileSystemLoader(paths.TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.globals |= {"asset": asset, "query": query, "plural": formatting.plural}
    for name in ("number", "size", "day", "near_day", "when", "day_and_time", "clock", "iso", "lasting", "days_left"):
        env.filters[name] = getattr(formatting, name)
    env.filters["task_look"] = DELIVERY_LOOKS.__getitem__
    env.filters["drawn"] = lambda chart: Markup(svg.svg(charts.from_json(chart)))  # noqa: S704 - it escapes all texts
    return env


def query(**values: object) -> str:
    """Returns a query such as ?state=failed&q=lopes; parameters that are not set are left out."""
    given = {name: value for name, value in values.items() if value}
    return "?" + urlencode(given) if given else ""


def is_htmx(request: Request) -> bool:
    """Returns True if the client expects a fragment."""
    return request.headers.get("HX-Request") == "true"


def path_of(request: Request) -> str:
    """Returns the path of a request as a page can show it: any bytes may stand in an address."""
    return legible(request.scope["path"])


def viewer(request: Request) -> Person | None:
    """Returns the person who is signed in, once the guard of the route has run."""
    person: Person | None = getattr(request.state, "person", None)
    return person


def page(
    request: Request, template: str, *, status: int = 200, headers: Mapping[str, str] | None = None, **context: Any
) -> HTMLResponse:
    """Returns a whole page. Known to every template: `person` (None: signed out), `zone`, `here`, `rail`.

    `status_message`: the text of the status line; `focus_h1`: the heading takes the focus; a status of 422 for a
    refused form puts "Error: " before the title.
    """
    person = viewer(request)
    entries = rail(request, person) if person else []
    defaults = {"rail": entries, "status_message": "", "focus_h1": False, "refused": status == 422}
    html = templates().get_template(template).render(**_shared(request) | defaults | context)
    answer = HTMLResponse(html, status, {**NO_STORE, **(headers or {})})
    flash.clear(request, answer)
    return answer


def fragment(
    request: Request, template: str, *, status: int = 200, headers: Mapping[str, str] | None = None, **context: Any
) -> HTMLResponse:
    """Returns a part of a page, for htmx."""
    html = templates().get_template(template).render(**_shared(request) | context)
    return HTMLResponse(html, status, {**NO_STORE, **(headers or {})})


def page_or_fragment(
    request: Request,
    whole: str,
    part: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **context: Any,
) -> HTMLResponse:
    """Returns the fragment for htmx, else the whole page."""
    if is_htmx(request):
        return fragment(request, part, status=status, headers=headers, **context)
    return page(request, whole, status=status, headers=headers, **context)


def go(request: Request, path: str) -> Response:
    """Redirects to another page after a POST: 303, or HX-Redirect for htmx."""
    if is_htmx(request):
        return Response(status_code=204, headers={"HX-Redirect": path})
    return RedirectResponse(path, 303)


def _shared(request: Request) -> dict[str, Any]:
    person = viewer(request)
    zone = person.zone if person else request.app.state.installation.settings.zone
    return {"person": person, "zone": zone, "here": path_of(request)}
