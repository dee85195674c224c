"""The four endpoints of the article: each answers at once, and the work runs in the background."""

from typing import Any

from fastapi import APIRouter, BackgroundTasks, Request
from pydantic import BaseModel, Field

from webapp.errors import FormErrors
from webapp.house import House
from webapp.ports import Person
from webapp.web.api import started_task
from webapp.web.api_body import JsonOrForm
from webapp.web.deps import Program, TheHouse
from webapp.web.problem import problems

router = APIRouter(tags=["The article's own"], responses=problems(401))

SUBJECT, BODY = "Test Email", "This is a test email sent in the background."
MESSAGE = "some notification"


class TaskLink(BaseModel):
    """Where to look what becomes of it."""

    id: int = Field(examples=[42])
    url: str = Field(examples=["http://localhost:8000/tasks/42"])


class Answer(BaseModel):
    """The article's answer, with the task beside it."""

    message: str
    task: TaskLink


def _body(**properties: str) -> dict[str, Any]:
    schema = {"type": "object", "properties": {name: {"type": "string"} for name in properties}, "example": properties}
    kinds = ("application/json", "application/x-www-form-urlencoded")
    return {"requestBody": {"required": False, "content": {kind: {"schema": schema} for kind in kinds}}}


@router.post(
    "/send-notification/{email}", responses=problems(413, 422), openapi_extra=_body(message="Your order is ready.")
)
def send_notification(
    request: Request, email: str, person: Program, house: TheHouse, given: JsonOrForm, background: BackgroundTasks
) -> Answer:
    """Writes a line to log.txt in the data directory."""
    form = {"to": [email], "channels": ["log"], "message": MESSAGE, **_only(given, "message", "title")}
    return _start(request, house, person, "notification", form, background, "Notification sent in the background")


@router.post("/send-email/{email}", responses=problems(413, 422), openapi_extra=_body(subject=SUBJECT, body=BODY))
def send_email(
    request: Request, email: str, person: Program, house: TheHouse, given: JsonOrForm, background: BackgroundTasks
) -> Answer:
    """Sends one email."""
    form = {"to": email, "subject": SUBJECT, "body": BODY, **_only(given, "subject", "body")}
    return _start(request, house, person, "email", form, background, "Email sent in the background")


@router.get("/generate-report", operation_id="generate_report_get")
@router.post("/generate-report", operation_id="generate_report_post")
def generate_report(request: Request, person: Program, house: TheHouse, background: BackgroundTasks) -> Answer:
    """Makes report.xlsx of the article's three people."""
    form = {"data": "people", "format": "xlsx"}
    return _start(request, house, person, "report", form, background, "Report generation started in the background")


@router.get("/run-task", operation_id="run_task_get")
@router.post("/run-task", operation_id="run_task_post")
def run_task(request: Request, person: Program, house: TheHouse, background: BackgroundTasks) -> Answer:
    """Starts a task that raises: it ends as failed, and its error is logged."""
    return _start(request, house, person, "self-test", {"fail": True}, background, "Task started in the background")


def _only(given: dict[str, Any], *names: str) -> dict[str, Any]:
    if unknown := sorted(set(given) - set(names)):
        raise FormErrors({name: f"There is no field called “{name}”." for name in unknown})
    return given


def _start(
    request: Request,
    house: House,
    person: Person,
    kind: str,
    form: dict[str, Any],
    background: BackgroundTasks,
    message: str,
) -> Answer:
    started = started_task(house, person, house.kind(kind), form, background)
    base = house.settings.base_url or str(request.base_url).rstrip("/")
    return Answer(message=message, task=TaskLink(id=started.id, url=f"{base}/tasks/{started.id}"))
