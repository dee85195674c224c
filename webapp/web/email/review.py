"""The page on which an email is reviewed before it is sent."""

from fastapi import APIRouter, BackgroundTasks, Request
from fastapi.responses import Response

from webapp.errors import Conflict, FormErrors, UserError
from webapp.installation import Installation
from webapp.kinds.email.form import EmailForm
from webapp.kinds.email.kind import KIND as EMAIL
from webapp.kinds.email.kind import check
from webapp.ports.people import Person
from webapp.tasks import queries
from webapp.web.email.review_view import Review, review_of, sent_as
from webapp.web.forms import drafts
from webapp.web.forms.reading import WHOLE, Filled
from webapp.web.forms.starting import SENT_ALREADY, key_of_form, new_key, start_form
from webapp.web.http.deps import SignedIn, TheInstallation
from webapp.web.http.multipart import Posted
from webapp.web.http.params import FormKey, Text, form_key
from webapp.web.http.render import go, page, query

router = APIRouter(prefix="/new/email/check", include_in_schema=False)

TICK = "Tick to confirm the number."
CHANGED = "Meanwhile the number has changed. Look once more, then press again."


@router.get("")
def show(
    request: Request,
    person: SignedIn,
    installation: TheInstallation,
    draft: FormKey = "",
    looked: Text = "",
    leave_out: Text = "",
) -> Response:
    """Shows the review; `looked` is set if the choice to leave out earlier recipients was changed."""
    return _answer(request, installation, person, draft, leaves_got=not looked or bool(leave_out))


@router.post("")
def send(
    request: Request, person: SignedIn, installation: TheInstallation, posted: Posted, background: BackgroundTasks
) -> Response:
    """Starts the task; with more than 20 recipients only if their number is confirmed."""
    key, confirmed, seen = posted.read("draft", form_key), posted.one("confirmed"), posted.one("number")
    form = _draft(installation, person, key)
    if form is None:
        return _sent_already(request, installation, person, key)
    review = review_of(installation, person, form, leaves_got=not seen or bool(posted.one("leave_out")))
    if not review.number:
        return _page(request, key, review)
    if seen and seen != str(review.number):
        return _page(request, key, review, {WHOLE: CHANGED})
    if review.asks and confirmed != str(review.number):
        return _page(request, key, review, {"confirmed": TICK})
    try:
        started = start_form(installation, person, EMAIL, Filled(sent_as(form, review)), key, background)
    except Conflict:  # the same page has sent something else before
        key = new_key()
        with installation.write() as conn:
            drafts.keep(conn, person, EMAIL, key, form)
        return _page(request, key, review, {WHOLE: SENT_ALREADY})
    return go(request, f"/#task-{started.id}")


def _answer(request: Request, installation: Installation, person: Person, key: str, *, leaves_got: bool) -> Response:
    form = _draft(installation, person, key)
    if form is None:
        return _sent_already(request, installation, person, key)
    try:
        check(form, installation.form_context(person))
        return _page(request, key, review_of(installation, person, form, leaves_got=leaves_got))
    except (FormErrors, UserError):  # the form says what is wrong beside its fields
        return go(request, f"/new/email{query(draft=key)}")


def _draft(installation: Installation, person: Person, key: str) -> EmailForm | None:
    with installation.read() as conn:
        draft = drafts.find(conn, person, EMAIL, key)
    return EmailForm.model_validate(draft) if draft else None


def _sent_already(request: Request, installation: Installation, person: Person, key: str) -> Response:
    """Redirects to the task that this draft started, else to an empty form."""
    with installation.read() as conn:
        known = queries.by_key(conn, person.id, key_of_form(key))
    return go(request, f"/#task-{known[0]}" if known else "/new/email")


def _page(request: Request, key: str, review: Review, errors: dict[str, str] | None = None) -> Response:
    return page(
        request,
        "email/review.html",
        status=422 if errors else 200,
        review=review,
        key=key,
        errors=errors or {},
        focus_h1=not errors,
    )
