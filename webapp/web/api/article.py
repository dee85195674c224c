"""The article's own four calls: each answers at once, and the work runs in the background."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, BackgroundTasks, Path, Request, Response
from pydantic import AfterValidator, BaseModel, Field
from starlette.convertors import Convertor, register_url_convertor

from webapp.accounts import public_url
from webapp.errors import FormErrors, UserError
from webapp.installation import Installation
from webapp.ports.people import Person
from webapp.ports.values import is_storable
from webapp.starting import NewTask, start_task
from webapp.web.api.body import Fields
from webapp.web.api.field_errors import MOST, no_such_field
from webapp.web.api.schemas import answer
from webapp.web.api.starting import checked_form
from webapp.web.http.deps import Program, TheInstallation
from webapp.web.http.problem import problems


class Whatever(Convertor[str]):
    """All that follows in a path, slashes and line breaks too, so that a bad address is refused with its reason."""

    regex = r"[\s\S]*"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("whatever", Whatever())


def _address(path: str) -> str:
    if not path.strip():
        raise UserError("Give an address.", field="email")
    if not is_storable(path):
        raise UserError("This address holds a character that no address has.", field="email")
    if "\ufffd" in path:  # what servers put in the place of bytes that are no UTF-8
        raise UserError("This address is not written in UTF-8.", field="email")
    return path


Address = Annotated[
    str, AfterValidator(_address), Path(json_schema_extra={"format": "email"}, examples=["ana@example.com"])
]
router = APIRouter(tags=["The article's own"], responses=problems(401))

MESSAGE = "some notification"
SUBJECT, TEXT = "Test Email", "This is a test email sent in the background."


class TaskLink(BaseModel):
    """The task that was started; `url` is its page."""

    id: int = Field(examples=[42])
    url: str = Field(examples=["http://localhost:8000/tasks/42"])


class Begun(BaseModel):
    """The article's answer, with the task beside it."""

    message: str = Field(examples=["Email sent in the background"])
    task: TaskLink


def _optional(**fields: str) -> dict[str, Any]:
    """How OpenAPI describes a body that may be missing; the values are the defaults."""
    texts = {name: {"type": ["string", "null"], "default": default} for name, default in fields.items()}
    schema = {"type": "object", "properties": texts, "additionalProperties": False}
    content = {"schema": schema, "example": fields}
    kinds = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data")
    return {"requestBody": {"required": False, "content": dict.fromkeys(kinds, content)}}


@router.post(
    "/send-notification/{email:whatever}",
    response_model=Begun,
    responses=problems(413, 422),
    openapi_extra=_optional(message=MESSAGE),
)
def send_notification(
    request: Request,
    email: Address,
    person: Program,
    installation: TheInstallation,
    given: Fields,
    background: BackgroundTasks,
) -> Response:
    """Writes a line to log.txt in the data directory."""
    form = {"to": [email], "channels": ["log"], **_chosen(given, message=MESSAGE)}
    call = _Call(kind="notification", form=form, message="Notification sent in the background")
    return _begin(request, installation, person, background, call)


@router.post(
    "/send-email/{email:whatever}",
    response_model=Begun,
    responses=problems(413, 422),
    openapi_extra=_optional(subject=SUBJECT, body=TEXT),
)
def send_email(
    request: Request,
    email: Address,
    person: Program,
    installation: TheInstallation,
    given: Fields,
    background: BackgroundTasks,
) -> Response:
    """Sends one email."""
    form = {"to": [email], **_chosen(given, subject=SUBJECT, body=TEXT)}
    call = _Call(kind="email", form=form, message="Email sent in the background")
    return _begin(request, installation, person, background, call)


@router.get("/generate-report", response_model=Begun, operation_id="generate_report_get")
@router.post("/generate-report", response_model=Begun, operation_id="generate_report_post")
def generate_report(
    request: Request, person: Program, installation: TheInstallation, background: BackgroundTasks
) -> Response:
    """Makes report.xlsx of the article's three people."""
    form = {"data": "people", "format": "xlsx", "name": "report"}
    call = _Call(kind="report", form=form, message="Report generation started in the background")
    return _begin(request, installation, person, background, call)


@router.get("/run-task", response_model=Begun, operation_id="run_task_get")
@router.post("/run-task", response_model=Begun, operation_id="run_task_post")
def run_task(request: Request, person: Program, installation: TheInstallation, background: BackgroundTasks) -> Response:
    """Starts a task that raises: it ends as failed, and its error is logged."""
    call = _Call(kind="self-test", form={"fail": True}, message="Task started in the background")
    return _begin(request, installation, person, background, call)


def _chosen(given: dict[str, Any], **defaults: str) -> dict[str, Any]:
    """Returns the fields as given, with the default for those that are missing or empty."""
    if unknown := given.keys() - defaults.keys():
        raise FormErrors({name: no_such_field(name) for name in sorted(unknown)[:MOST]})
    chosen = {name: value for name, value in given.items() if value is not None and str(value).strip()}
    return {**defaults, **chosen}


@dataclass(frozen=True, kw_only=True)
class _Call:
    """The kind of task that a call starts, its form, and the article's own answer."""

    kind: str
    form: dict[str, Any]
    message: str


def _begin(
    request: Request, installation: Installation, person: Person, background: BackgroundTasks, call: _Call
) -> Response:
    kind = installation.kind(call.kind)
    try:
        form = checked_form(installation, person, kind, call.form)
    except FormErrors as error:  # the address is in the path here
        errors = {"email" if name == "to" else name: message for name, message in error.errors.items()}
        raise FormErrors(errors) from None
    started = start_task(installation, NewTask(kind=kind, form=form, owner=person, via="api"), background)
    with installation.read() as conn:
        url = f"{public_url.of(conn, installation.settings)}/tasks/{started.id}"
    return answer(Begun(message=call.message, task=TaskLink(id=started.id, url=url)))
