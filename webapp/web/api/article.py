"""The article's own four calls: each answers at once, and the work runs in the background."""

from typing import Annotated, Any

from fastapi import APIRouter, BackgroundTasks, Path, Request, Response
from pydantic import AfterValidator, BaseModel, Field
from starlette.convertors import Convertor, register_url_convertor

from webapp.errors import FormErrors, UserError
from webapp.installation import Installation
from webapp.ports.people import Person
from webapp.ports.values import is_storable
from webapp.starting import start_task
from webapp.web.api.body import Fields
from webapp.web.api.field_errors import MOST, no_such_field
from webapp.web.api.schemas import answer
from webapp.web.api.starting import checked_form
from webapp.web.http.deps import Program, TheInstallation
from webapp.web.http.foreign_urls import own_address
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
    return _begin(
        request, installation, person, "notification", form, background, "Notification sent in the background"
    )


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
    return _begin(request, installation, person, "email", form, background, "Email sent in the background")


@router.get("/generate-report", response_model=Begun, operation_id="generate_report_get")
@router.post("/generate-report", response_model=Begun, operation_id="generate_report_post")
def generate_report(
    request: Request, person: Program, installation: TheInstallation, background: BackgroundTasks
) -> Response:
    """Makes report.xlsx of the article's three people."""
    form = {"data": "people", "format": "xlsx", "name": "report"}
    return _begin(
        request, installation, person, "report", form, background, "Report generation started in the background"
    )


@router.get("/run-task", response_model=Begun, operation_id="run_task_get")
@router.post("/run-task", response_model=Begun, operation_id="run_task_post")
def run_task(request: Request, person: Program, installation: TheInstallation, background: BackgroundTasks) -> Response:
    """Starts a task that raises: it ends as failed, and its error is logged."""
    return _begin(
        request, installation, person, "self-test", {"fail": True}, background, "Task started in the background"
    )


def _chosen(given: dict[str, Any], **defaults: str) -> dict[str, Any]:
    """What was given, and the default for what was not, or is empty."""
    if unknown := given.keys() - defaults.keys():
        raise FormErrors({name: no_such_field(name) for name in sorted(unknown)[:MOST]})
    chosen = {name: value for name, value in given.items() if value is not None and str(value).strip()}
    return {**defaults, **chosen}


def _begin(
    request: Request,
    installation: Installation,
    person: Person,
    kind_name: str,
    form: dict[str, Any],
    background: BackgroundTasks,
    message: str,
) -> Response:
    kind = installation.kind(kind_name)
    try:
        value = checked_form(installation, person, kind, form)
    except FormErrors as error:  # the address is in the path here
        raise FormErrors({"email" if name == "to" else name: words for name, words in error.errors.items()}) from None
    started = start_task(installation, kind, value, person, via="api", background=background)
    url = f"{installation.settings.base_url or own_address(request)}/tasks/{started.id}"
    return answer(Begun(message=message, task=TaskLink(id=started.id, url=url)))
