"""Behind the link of an email: whoever got it wants no more, in two steps, because programs open links too."""

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response

from webapp.accounts import audit
from webapp.connections import suppressions
from webapp.installation import Installation
from webapp.mail.recipients import normal_form
from webapp.web.http.deps import TheInstallation
from webapp.web.http.multipart import Posted
from webapp.web.http.params import Text
from webapp.web.http.render import page

router = APIRouter(prefix="/unsubscribe", include_in_schema=False)

BROKEN = "This link is not whole. Open it from the email itself, or answer the email and say that you want no more."


@router.get("/{token}")
def ask(request: Request, token: Text, installation: TheInstallation) -> Response:
    """Changes nothing: mail programs and scanners look at every link."""
    return _page(request, installation, token)


@router.post("/{token}")
def unsubscribe(request: Request, token: Text, installation: TheInstallation, posted: Posted) -> Response:
    """The second step: by a person on the page, or by a mail program with what RFC 8058 says (3.1)."""
    found = installation.unsubscribe.read(token)
    is_one_click = posted.one("List-Unsubscribe").lower() == "one-click"
    if found is None or not (is_one_click or posted.one("step") == "2"):
        return _page(request, installation, token)
    task, address = found
    with installation.write() as conn:
        if suppressions.add(conn, [address], "unsubscribed", task=task):
            audit.record(conn, None, "unsubscribed", address)
    return PlainTextResponse("Unsubscribed.\n") if is_one_click else _page(request, installation, token)


@router.post("/{token}/undo")
def undo(request: Request, token: Text, installation: TheInstallation, posted: Posted) -> Response:
    """It was a mistake; what an admin entered stays."""
    found = installation.unsubscribe.read(token)
    if found and posted.one("step") == "2":
        with installation.write() as conn:
            if suppressions.remove(conn, normal_form(found[1]), only="unsubscribed"):
                audit.record(conn, None, "subscribed again", found[1])
    return _page(request, installation, token)


def _page(request: Request, installation: Installation, token: str) -> Response:
    found = installation.unsubscribe.read(token)
    if found is None:
        return page(request, "email/unsubscribe/broken.html", status=404, words=BROKEN)
    with installation.read() as conn:
        is_out = bool(suppressions.which(conn, [found[1]]))
    # On the answer to a press the heading takes the focus: it says what has happened.
    return page(
        request, "email/unsubscribe/index.html", address=found[1], is_out=is_out, path=f"/unsubscribe/{token}",
        focus_h1=request.method == "POST",
    )  # fmt: skip
