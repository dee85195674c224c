"""POST /hooks/<secret>: another system's text or JSON becomes a notification. The secret is all that it needs."""

from typing import Annotated, Any

from fastapi import APIRouter, BackgroundTasks, Depends, Request, Response
from pydantic import BaseModel, Field

from webapp.accounts import people
from webapp.audit import origin
from webapp.connections import webhooks
from webapp.connections.webhooks import IncomingWebhook
from webapp.errors import FormErrors, UserError
from webapp.kinds import ANNOUNCEMENT_KIND
from webapp.notify import template
from webapp.ports.json_text import load_json
from webapp.ports.kinds import Announcement
from webapp.ports.values import require_storable
from webapp.starting import NewTask, start_task
from webapp.web.api.schemas import answer
from webapp.web.api.starting import checked_form
from webapp.web.http.budget import budget_of, read_whole
from webapp.web.http.deps import TheInstallation
from webapp.web.http.params import IdempotencyKey, Text
from webapp.web.http.problem import problem, problems

router = APIRouter(prefix="/hooks", tags=["Incoming hooks"])

NOTHING = "There is nothing to tell: the body is empty, or holds none of the parts that the hook asks for."


class Accepted(BaseModel):
    """It will be told; `task` is its number."""

    message: str = Field(examples=["Notification accepted"])
    task: int = Field(examples=[42])


async def read_small_body(request: Request) -> bytes:
    """Returns the body as it came."""
    limit = budget_of(request).body
    return await read_whole(request, limit, f"The body has more than {limit >> 10} KB.")


BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "text/plain": {"schema": {"type": "string"}, "example": "The backup is done."},
            "application/json": {"schema": {}, "example": {"text": "The backup is done."}},
        },
    }
}


@router.post(
    "/{secret}", status_code=202, response_model=Accepted, responses=problems(404, 413, 422, 429), openapi_extra=BODY
)
def receive(
    request: Request,
    secret: Text,
    installation: TheInstallation,
    background: BackgroundTasks,
    body: Annotated[bytes, Depends(read_small_body)],
    key: IdempotencyKey = None,
) -> Response:
    """Notifies the places and people of this hook.

    The body is text, or JSON out of which the hook's template takes its parts. The same `Idempotency-Key` again
    starts nothing new.
    """
    with installation.read() as conn:
        webhooks.require(conn, secret)
    try:
        with installation.write() as conn:
            hook = webhooks.take(conn, secret)
            owner = people.by_id(conn, installation.settings, hook.owner)
            origin.current().is_webhook(hook.name, hook.id)
    except webhooks.TooMany as error:
        refused = problem(request, error.status, error.message)
        refused.headers["Retry-After"] = str(error.seconds)
        return refused
    announcement, kind = _announcement(hook, _read(request, body)), ANNOUNCEMENT_KIND
    assert kind.announcement_form is not None
    given = kind.announcement_form(announcement, installation.form_context(owner))
    form = checked_form(installation, owner, kind, given)
    key = f"hook:{hook.id}:{key}" if key else None
    title = " ".join(f"{hook.name}: {announcement.title or announcement.message}".split())[:400]
    new = NewTask(kind=kind, form=form, owner=owner, via=f"webhook {hook.name}", key=key, title=title)
    started = start_task(installation, new, background)
    return answer(Accepted(message="Notification accepted", task=started.id), 202)


def _read(request: Request, body: bytes) -> Any:
    """Returns the JSON of a body that is declared as JSON or begins like it, else its text."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UserError("The body is not written in UTF-8.") from None
    is_json = "json" in request.headers.get("content-type", "").lower()
    try:
        value = load_json(text, "The body") if is_json or text.lstrip()[:1] in ("{", "[") else text
    except ValueError as error:
        if is_json:
            raise UserError(str(error)) from None
        value = text
    try:
        require_storable(value)
    except ValueError as error:
        raise UserError(str(error)) from None
    return value


def _announcement(hook: IncomingWebhook, given: Any) -> Announcement:
    """What the hook's templates take from the body; raises FormErrors if that is nothing."""
    title, message = template.fill(hook.title, given), template.fill(hook.message, given)
    if not message:
        raise FormErrors({"message": NOTHING})
    return Announcement(
        title=title, message=message, channels=hook.channels, people=hook.people, priority=hook.priority
    )
