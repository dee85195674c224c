"""The page behind an unsubscribe link; it takes two steps, because mail programs open links too."""

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response

from webapp.audit import origin, trail
from webapp.audit.actions import AuditAction, Target, TargetKind
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
    """Shows the question and changes nothing: mail programs and scanners open every link."""
    return _page(request, installation, token)


@router.post("/{token}")
def unsubscribe(request: Request, token: Text, installation: TheInstallation, posted: Posted) -> Response:
    """Unsubscribes an address: by the button of the page, or by a mail program (RFC 8058, 3.1)."""
    content = installation.unsubscribe.read(token)
    is_one_click = posted.one("List-Unsubscribe").lower() == "one-click"
    if content is None or not (is_one_click or posted.one("step") == "2"):
        return _page(request, installation, token)
    task, address = content
    with installation.write() as conn:
        if suppressions.add(conn, [address], "unsubscribed", task=task):
            origin.current().is_recipient()
            trail.record(conn, AuditAction.UNSUBSCRIBE, Target(TargetKind.SUPPRESSION, "", address), f"task {task}")
    return PlainTextResponse("Unsubscribed.\n") if is_one_click else _page(request, installation, token)


@router.post("/{token}/undo")
def undo(request: Request, token: Text, installation: TheInstallation, posted: Posted) -> Response:
    """Subscribes an address again; an address that an admin entered stays on the list."""
    content = installation.unsubscribe.read(token)
    if content and posted.one("step") == "2":
        with installation.write() as conn:
            if suppressions.remove(conn, normal_form(content[1]), only="unsubscribed"):
                origin.current().is_recipient()
                target = Target(TargetKind.SUPPRESSION, "", content[1])
                trail.record(conn, AuditAction.SUBSCRIBE_AGAIN, target, f"task {content[0]}")
    return _page(request, installation, token)


def _page(request: Request, installation: Installation, token: str) -> Response:
    content = installation.unsubscribe.read(token)
    if content is None:
        return page(request, "email/unsubscribe/broken.html", status=404, message=BROKEN)
    with installation.read() as conn:
        is_out = bool(suppressions.which(conn, [content[1]]))
    return page(
        request,
        "email/unsubscribe/index.html",
        address=content[1],
        is_out=is_out,
        path=f"/unsubscribe/{token}",
        focus_h1=request.method == "POST",  # the heading says what has happened
    )
